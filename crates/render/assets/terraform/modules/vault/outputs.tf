output "id" {
  description = "Id of the vault."
  value       = azurerm_key_vault.this.id
}

output "uri" {
  description = "Address that secrets are read from."
  value       = azurerm_key_vault.this.vault_uri
}
