output "id" {
  description = "Id of the cluster."
  value       = azurerm_kubernetes_cluster.this.id
}

output "oidc_issuer_url" {
  description = "Issuer of the tokens of its service accounts."
  value       = azurerm_kubernetes_cluster.this.oidc_issuer_url
}

output "node_resource_group" {
  description = "Resource group of nodes, load balancers and Private Link services, which Azure manages."
  value       = azurerm_kubernetes_cluster.this.node_resource_group
}

output "outbound_addresses" {
  description = "Public addresses that it calls partners from."
  value       = azurerm_public_ip.outbound[*].ip_address
}
