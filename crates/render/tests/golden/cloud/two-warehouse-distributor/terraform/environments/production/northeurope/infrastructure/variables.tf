variable "subscription_id" {
  description = "Subscription that everything here is in."
  type        = string
}

variable "tenant_id" {
  description = "Entra tenant."
  type        = string
}

variable "shared_subscription_id" {
  description = "Subscription of the registry, which all environments share."
  type        = string
}

variable "site_secrets" {
  description = "Pre-shared keys of VPNs and authorisations of circuits by their name in the vault; from there, at the moment of the apply."
  type        = map(string)
  sensitive   = true
}

variable "group_object_ids" {
  description = "Object ids of Entra groups by name."
  type        = map(string)
}
