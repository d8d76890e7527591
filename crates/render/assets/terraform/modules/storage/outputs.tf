output "id" {
  description = "Id of the account."
  value       = azurerm_storage_account.this.id
}

output "blob_endpoint" {
  description = "Address of its objects."
  value       = azurerm_storage_account.this.primary_blob_endpoint
}
