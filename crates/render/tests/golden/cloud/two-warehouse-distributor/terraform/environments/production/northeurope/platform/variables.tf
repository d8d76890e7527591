variable "subscription_id" {
  description = "Subscription that everything here is in."
  type        = string
}

variable "dns_zone_id" {
  description = "Public DNS zone in Azure that certificates are proved in; it belongs to nobody here."
  type        = string
}

variable "oidc_issuer_urls" {
  description = "Issuers of clusters' tokens: output oidc_issuer_urls of the infrastructure's stack."
  type        = map(string)
}

variable "git_repository" {
  description = "Git repository of the rendered tree, and the branch that this environment follows."
  type        = object({ url = string, branch = string, known_hosts_base64 = optional(string) })
}

variable "git_repository_key" {
  description = "Private SSH key, base64, that may read the repository and nothing else; null where none is needed."
  type        = string
  default     = null
  sensitive   = true
}

variable "tenant_id" {
  description = "Entra tenant."
  type        = string
}

variable "group_object_ids" {
  description = "Object ids of Entra groups by name."
  type        = map(string)
}
