output "id" {
  description = "Id of the cache."
  value       = azurerm_managed_redis.this.id
}

output "hostname" {
  description = "Name that clients connect to, on port 10000 with TLS."
  value       = azurerm_managed_redis.this.hostname
}
