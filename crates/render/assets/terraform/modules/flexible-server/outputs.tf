output "id" {
  description = "Id of the server."
  value       = azurerm_postgresql_flexible_server.this.id
}

output "fqdn" {
  description = "Name of the server itself. Applications use the virtual endpoint where there is one."
  value       = azurerm_postgresql_flexible_server.this.fqdn
}
