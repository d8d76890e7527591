variable "name" {
  description = "Name of the environment, as part of names."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group it is in."
  type        = string
}

variable "subscription_id" {
  description = "Subscription of the environment."
  type        = string
}

variable "locations" {
  description = "Azure locations that the environment runs in."
  type        = list(string)
}

variable "contacts" {
  description = "Mail addresses of those who hear of it."
  type        = list(string)
}

variable "budget" {
  description = "Per month, in the currency of the subscription, and the percentages at which somebody hears of it."
  type = object({
    monthly          = number
    alert_at_percent = list(number)
  })
}

variable "budget_start" {
  description = "First day of the month in which the budget begins, such as 2026-01-01T00:00:00Z. Holds for the first apply only."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{4}-[0-9]{2}-01T00:00:00Z$", var.budget_start))
    error_message = "A budget begins on the first of a month, as YYYY-MM-01T00:00:00Z."
  }
}

variable "budget_resource_groups" {
  description = "Resource groups whose costs count."
  type        = list(string)
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
