output "role_assignment_ids" {
  description = "Ids of the roles that are there always."
  value       = { for key, grant in azurerm_role_assignment.standing : key => grant.id }
}
