output "assignment_ids" {
  description = "Ids of the assignments."
  value       = { for key, assignment in azurerm_subscription_policy_assignment.this : key => assignment.id }
}
