# What joins a region's network with its partner's: peering both ways, for replication and the journal's copy, and
# the few names that either side must resolve for the other. It is in the state of the region that is applied last,
# because only then both ends exist.

resource "azurerm_virtual_network_peering" "outgoing" {
  name                         = "to-${var.remote.name}"
  resource_group_name          = var.local.resource_group_name
  virtual_network_name         = var.local.name
  remote_virtual_network_id    = var.remote.id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = false
  allow_gateway_transit        = false
  use_remote_gateways          = false
}

resource "azurerm_virtual_network_peering" "incoming" {
  name                         = "to-${var.local.name}"
  resource_group_name          = var.remote.resource_group_name
  virtual_network_name         = var.remote.name
  remote_virtual_network_id    = var.local.id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = false
  allow_gateway_transit        = false
  use_remote_gateways          = false
}

resource "azurerm_private_dns_zone_virtual_network_link" "local_names_for_remote" {
  for_each = var.local.shared_zone_ids

  name                 = var.remote.name
  private_dns_zone_id  = each.value
  virtual_network_id   = var.remote.id
  registration_enabled = false
  tags                 = var.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "remote_names_for_local" {
  for_each = var.remote.shared_zone_ids

  name                 = var.local.name
  private_dns_zone_id  = each.value
  virtual_network_id   = var.local.id
  registration_enabled = false
  tags                 = var.tags
}
