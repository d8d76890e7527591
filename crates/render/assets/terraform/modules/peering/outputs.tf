output "peering_ids" {
  description = "Ids of both peerings."
  value       = [azurerm_virtual_network_peering.outgoing.id, azurerm_virtual_network_peering.incoming.id]
}
