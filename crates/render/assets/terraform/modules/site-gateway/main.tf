# How sites get in: a gateway, and a connection per site. IPsec uses one strong set of algorithms, or none.

locals {
  vpn = var.kind == "vpn"
  # The smallest size has no second generation.
  generation = startswith(var.sku, "VpnGw1") ? "Generation1" : "Generation2"
}

resource "azurerm_public_ip" "this" {
  count = local.vpn ? 2 : 1

  name                = "pip-${var.name}-${count.index + 1}"
  resource_group_name = var.resource_group_name
  location            = var.location
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = var.zones
  tags                = var.tags

  lifecycle {
    # Sites have these addresses in their routers.
    prevent_destroy = true
  }
}

resource "azurerm_virtual_network_gateway" "this" {
  name                = var.name
  resource_group_name = var.resource_group_name
  location            = var.location
  type                = local.vpn ? "Vpn" : "ExpressRoute"
  vpn_type            = local.vpn ? "RouteBased" : null
  generation          = local.vpn ? local.generation : null
  sku                 = var.sku
  active_active       = local.vpn
  bgp_enabled         = !local.vpn
  tags                = var.tags

  dynamic "ip_configuration" {
    for_each = azurerm_public_ip.this

    content {
      name                          = "address-${ip_configuration.key + 1}"
      subnet_id                     = var.subnet_id
      public_ip_address_id          = ip_configuration.value.id
      private_ip_address_allocation = "Dynamic"
    }
  }
}

resource "azurerm_local_network_gateway" "this" {
  for_each = local.vpn ? var.connections : {}

  name                = "lgw-${each.key}"
  resource_group_name = var.resource_group_name
  location            = var.location
  gateway_address     = each.value.remote
  address_space       = each.value.addresses
  tags                = merge(var.tags, { site = each.value.site })
}

resource "azurerm_virtual_network_gateway_connection" "vpn" {
  for_each = local.vpn ? var.connections : {}

  name                       = each.key
  resource_group_name        = var.resource_group_name
  location                   = var.location
  type                       = "IPsec"
  connection_protocol        = "IKEv2"
  virtual_network_gateway_id = azurerm_virtual_network_gateway.this.id
  local_network_gateway_id   = azurerm_local_network_gateway.this[each.key].id
  shared_key                 = var.secrets[each.value.secret]
  dpd_timeout_seconds        = 45
  tags                       = merge(var.tags, { site = each.value.site })

  ipsec_policy {
    ike_encryption   = "GCMAES256"
    ike_integrity    = "SHA384"
    dh_group         = "ECP384"
    ipsec_encryption = "GCMAES256"
    ipsec_integrity  = "GCMAES256"
    pfs_group        = "ECP384"
    sa_lifetime      = 27000
    sa_datasize      = 102400000
  }
}

resource "azurerm_virtual_network_gateway_connection" "express_route" {
  for_each = local.vpn ? {} : var.connections

  name                       = each.key
  resource_group_name        = var.resource_group_name
  location                   = var.location
  type                       = "ExpressRoute"
  virtual_network_gateway_id = azurerm_virtual_network_gateway.this.id
  express_route_circuit_id   = var.circuit_ids[each.value.site]
  authorization_key          = var.secrets[each.value.secret]
  tags                       = merge(var.tags, { site = each.value.site })
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                       = "logs"
  target_resource_id         = azurerm_virtual_network_gateway.this.id
  log_analytics_workspace_id = var.log_analytics_workspace_id

  enabled_log {
    category_group = "allLogs"
  }

  enabled_metric {
    category = "AllMetrics"
  }
}
