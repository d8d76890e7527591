output "id" {
  description = "Id of the gateway."
  value       = azurerm_virtual_network_gateway.this.id
}

output "public_addresses" {
  description = "Addresses that sites connect to."
  value       = azurerm_public_ip.this[*].ip_address
}
