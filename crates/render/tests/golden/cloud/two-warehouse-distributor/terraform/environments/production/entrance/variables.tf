variable "subscription_id" {
  description = "Subscription that everything here is in."
  type        = string
}

variable "wildcard_certificate_ids" {
  description = "Versionless ids of wildcard certificates in the first region's vault, by domain."
  type        = map(string)
}

variable "dns_zone_id" {
  description = "Public DNS zone in Azure that proves the domains are ours; null where DNS is elsewhere."
  type        = string
  default     = null
}
