output "id" {
  description = "Id of the virtual network."
  value       = azurerm_virtual_network.this.id
}

output "subnet_ids" {
  description = "Ids of the subnets by purpose, once their rules are in place."
  value       = { for purpose, subnet in azurerm_subnet.this : purpose => subnet.id }
  depends_on  = [azurerm_subnet_network_security_group_association.this]
}

output "private_dns_zone_ids" {
  description = "Ids of the private DNS zones, once the network resolves with them."
  value       = { for key, zone in azurerm_private_dns_zone.this : key => zone.id }
  depends_on  = [azurerm_private_dns_zone_virtual_network_link.this]
}
