variable "subscription_id" {
  description = "Subscription that everything here is in."
  type        = string
}

variable "budget_start" {
  description = "First day of the month in which the budget begins, as YYYY-MM-01T00:00:00Z."
  type        = string
}

variable "group_object_ids" {
  description = "Object ids of Entra groups by name."
  type        = map(string)
}
