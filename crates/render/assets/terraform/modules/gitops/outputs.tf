output "configuration_id" {
  description = "Id of the Flux configuration."
  value       = azurerm_kubernetes_flux_configuration.this.id
}
