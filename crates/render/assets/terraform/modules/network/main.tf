# A region's virtual network: one subnet per purpose, each behind rules of its own, and the private DNS zones that its
# machines resolve with. Every region has its own zones, so that no name here depends on another region being up.

resource "azurerm_virtual_network" "this" {
  name                = var.name
  resource_group_name = var.resource_group_name
  location            = var.location
  address_space       = [var.address_space]
  tags                = var.tags
}

resource "azurerm_subnet" "this" {
  for_each = var.subnets

  name                 = each.value.name
  resource_group_name  = var.resource_group_name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = [each.value.address_prefix]

  # Nothing leaves by an address that nobody chose: clusters have outbound addresses of their own.
  default_outbound_access_enabled = false

  # Rules hold for private endpoints too; the ingress offers a Private Link service, which Azure refuses with policies on.
  private_endpoint_network_policies             = "Enabled"
  private_link_service_network_policies_enabled = each.key != "ingress"

  dynamic "delegation" {
    for_each = each.key == "database" ? ["flexible-servers"] : []

    content {
      name = delegation.value

      service_delegation {
        name    = "Microsoft.DBforPostgreSQL/flexibleServers"
        actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
      }
    }
  }

  lifecycle {
    # Azure adds the storage endpoint to a delegated subnet by itself.
    ignore_changes = [service_endpoint]
  }
}

resource "azurerm_private_dns_zone" "this" {
  for_each = var.private_dns_zones

  name                = each.value
  resource_group_name = var.resource_group_name
  tags                = var.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "this" {
  for_each = var.private_dns_zones

  name                 = var.name
  private_dns_zone_id  = azurerm_private_dns_zone.this[each.key].id
  virtual_network_id   = azurerm_virtual_network.this.id
  registration_enabled = false
  tags                 = var.tags
}
