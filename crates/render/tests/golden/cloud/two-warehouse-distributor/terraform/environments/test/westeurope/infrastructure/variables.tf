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

variable "group_object_ids" {
  description = "Object ids of Entra groups by name."
  type        = map(string)
}
