output "client_id" {
  description = "What service accounts are annotated with."
  value       = azurerm_user_assigned_identity.this.client_id
}

output "principal_id" {
  description = "Object id of the identity."
  value       = azurerm_user_assigned_identity.this.principal_id
}
