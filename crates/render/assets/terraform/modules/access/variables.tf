variable "subscription_id" {
  description = "Subscription of the environment."
  type        = string
}

variable "scope" {
  description = "What the roles are for: a resource group, or one resource."
  type        = string
}

variable "group_object_ids" {
  description = "Object ids of Entra groups by name."
  type        = map(string)
}

variable "standing" {
  description = "Roles that are there always."
  type = map(object({
    group = string
    role  = string
    why   = string
  }))
  default = {}

  validation {
    condition     = alltrue([for grant in values(var.standing) : !contains(["Contributor", "Azure Kubernetes Service RBAC Admin", "Key Vault Secrets Officer"], grant.role)])
    error_message = "A role that changes things is asked for, never there always."
  }
}

variable "just_in_time" {
  description = "Roles that are asked for."
  type = map(object({
    group = string
    role  = string
    why   = string
  }))
  default = {}
}

variable "activation" {
  description = "What a request needs, by role: for how long at most (ISO 8601), and which groups approve."
  type = map(object({
    maximum_duration = string
    approvers        = list(string)
  }))
  default = {}
}

variable "notify" {
  description = "Mail addresses that hear of every request."
  type        = list(string)
  default     = []
}
