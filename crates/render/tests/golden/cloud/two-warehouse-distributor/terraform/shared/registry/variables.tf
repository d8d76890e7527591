variable "subscription_id" {
  description = "Subscription that everything here is in."
  type        = string
}
