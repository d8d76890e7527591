variable "subscription_id" {
  description = "Subscription that everything here is in."
  type        = string
}

variable "tenant_id" {
  description = "Entra tenant."
  type        = string
}

variable "database_administrator_passwords" {
  description = "Passwords of the databases' administrators by stamp; from the vault, at the moment of the apply. Never in the state."
  type        = map(string)
  sensitive   = true
}

variable "database_administrator_groups" {
  description = "Entra groups that may administer databases: object ids by name. They ask for membership, for a limited time."
  type        = map(string)
  default     = {}
}

variable "group_object_ids" {
  description = "Object ids of Entra groups by name."
  type        = map(string)
}
