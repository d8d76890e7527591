variable "name" {
  description = "Name of the identity."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group it is in."
  type        = string
}

variable "location" {
  description = "Azure location."
  type        = string
}

variable "oidc_issuer_url" {
  description = "Issuer of the tokens of the cluster that the pods run in."
  type        = string
}

variable "service_accounts" {
  description = "Service accounts that take the identity, as NAMESPACE/NAME; at most 20."
  type        = set(string)

  validation {
    condition     = length(var.service_accounts) <= 20 && alltrue([for account in var.service_accounts : can(regex("^[a-z0-9-]+/[a-z0-9-]+$", account))])
    error_message = "At most 20 service accounts, each as NAMESPACE/NAME."
  }
}

variable "roles" {
  description = "What the identity may do, and where."
  type = map(object({
    scope = string
    role  = string
  }))
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
