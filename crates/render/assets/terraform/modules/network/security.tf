# Deny by default, named allows. A subnet that has no entry in `local.rules` (Azure's gateway subnet) has no group:
# Azure does not support one there.

locals {
  prefix = { for purpose, subnet in var.subnets : purpose => subnet.address_prefix }
  nodes  = compact(concat([try(local.prefix.nodes, null)], var.pod_address_spaces))
  near   = compact(concat([var.address_space, var.partner_address_space], var.site_address_spaces))
  peers  = compact([var.partner_address_space])

  deny_inbound = {
    name         = "deny-inbound"
    priority     = 4096
    direction    = "Inbound"
    access       = "Deny"
    protocol     = "*"
    sources      = ["*"]
    destinations = ["*"]
    ports        = ["*"]
  }
  deny_outbound = merge(local.deny_inbound, { name = "deny-outbound", direction = "Outbound" })
  allow_inbound = merge(local.deny_inbound, { access = "Allow", protocol = "Tcp" })
  allow_outbound = merge(local.deny_outbound, {
    access   = "Allow"
    protocol = "Tcp"
  })

  rules = {
    nodes = concat(
      [
        merge(local.allow_inbound, { name = "cluster", priority = 100, protocol = "*", sources = local.nodes }),
        merge(local.allow_inbound, { name = "load-balancer-probes", priority = 110, protocol = "*", sources = ["AzureLoadBalancer"] }),
        merge(local.allow_inbound, { name = "ingress", priority = 120, sources = compact([try(local.prefix.ingress, null)]), ports = ["443"] }),
      ],
      length(local.peers) == 0 ? [] : [
        merge(local.allow_inbound, { name = "partner-region", priority = 130, sources = local.peers, ports = var.partner_region_ports }),
      ],
      length(var.site_address_spaces) == 0 ? [] : [
        merge(local.allow_inbound, { name = "sites", priority = 140, sources = var.site_address_spaces, ports = ["443"] }),
      ],
      # The load balancer changes neither address: what comes to a node by this is for a gateway's door.
      length(var.certificate_door_sources) == 0 ? [] : [
        merge(local.allow_inbound, { name = "certificate-doors", priority = 150, sources = var.certificate_door_sources, ports = ["443"] }),
        merge(local.allow_inbound, { name = "certificate-door-probes", priority = 160, sources = ["AzureTrafficManager"], ports = ["443"] }),
      ],
      [
        local.deny_inbound,
        merge(local.allow_outbound, { name = "cluster", priority = 100, protocol = "*", destinations = local.nodes }),
        merge(local.allow_outbound, { name = "private-network", priority = 110, protocol = "*", destinations = ["VirtualNetwork"] }),
        merge(local.allow_outbound, { name = "azure", priority = 120, destinations = ["AzureCloud"], ports = ["443"] }),
        merge(local.allow_outbound, { name = "partners", priority = 130, destinations = ["Internet"], ports = var.partner_ports }),
        merge(local.allow_outbound, { name = "time", priority = 140, protocol = "Udp", destinations = ["Internet"], ports = ["123"] }),
        local.deny_outbound,
      ],
    )

    ingress = [
      merge(local.allow_inbound, { name = "near", priority = 100, sources = local.near, ports = ["443"] }),
      merge(local.allow_inbound, { name = "load-balancer-probes", priority = 110, protocol = "*", sources = ["AzureLoadBalancer"] }),
      local.deny_inbound,
    ]

    database = [
      merge(local.allow_inbound, { name = "postgres", priority = 100, sources = compact(concat([try(local.prefix.nodes, null), try(local.prefix.database, null)], local.peers)), ports = ["5432", "6432"] }),
      merge(local.allow_inbound, { name = "load-balancer-probes", priority = 110, protocol = "*", sources = ["AzureLoadBalancer"] }),
      local.deny_inbound,
      merge(local.allow_outbound, { name = "replication", priority = 100, destinations = compact(concat([try(local.prefix.database, null)], local.peers)), ports = ["5432", "6432"] }),
      merge(local.allow_outbound, { name = "write-ahead-log", priority = 110, destinations = ["Storage"], ports = ["443"] }),
      merge(local.allow_outbound, { name = "directory", priority = 120, destinations = ["AzureActiveDirectory"], ports = ["443"] }),
      local.deny_outbound,
    ]

    private_endpoints = [
      # 443 for vault, storage and registry; 10000 and 8500-8599 for the cache.
      merge(local.allow_inbound, { name = "nodes", priority = 100, sources = compact([try(local.prefix.nodes, null)]), ports = ["443", "10000", "8500-8599"] }),
      local.deny_inbound,
      local.deny_outbound,
    ]
  }

  guarded = { for purpose, rules in local.rules : purpose => rules if contains(keys(var.subnets), purpose) }
}

resource "azurerm_network_security_group" "this" {
  for_each = local.guarded

  name                = "nsg-${var.subnets[each.key].name}"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags

  dynamic "security_rule" {
    for_each = each.value

    content {
      name                         = "${security_rule.value.name}-${lower(security_rule.value.direction)}"
      priority                     = security_rule.value.priority
      direction                    = security_rule.value.direction
      access                       = security_rule.value.access
      protocol                     = security_rule.value.protocol
      source_port_range            = "*"
      source_address_prefix        = length(security_rule.value.sources) == 1 ? security_rule.value.sources[0] : null
      source_address_prefixes      = length(security_rule.value.sources) == 1 ? null : security_rule.value.sources
      destination_address_prefix   = length(security_rule.value.destinations) == 1 ? security_rule.value.destinations[0] : null
      destination_address_prefixes = length(security_rule.value.destinations) == 1 ? null : security_rule.value.destinations
      destination_port_range       = length(security_rule.value.ports) == 1 ? security_rule.value.ports[0] : null
      destination_port_ranges      = length(security_rule.value.ports) == 1 ? null : security_rule.value.ports
    }
  }
}

resource "azurerm_subnet_network_security_group_association" "this" {
  for_each = local.guarded

  subnet_id                 = azurerm_subnet.this[each.key].id
  network_security_group_id = azurerm_network_security_group.this[each.key].id
}

resource "azurerm_monitor_diagnostic_setting" "network" {
  name                       = "logs"
  target_resource_id         = azurerm_virtual_network.this.id
  log_analytics_workspace_id = var.log_analytics_workspace_id

  enabled_log {
    category_group = "allLogs"
  }

  enabled_metric {
    category = "AllMetrics"
  }
}

resource "azurerm_monitor_diagnostic_setting" "security_group" {
  for_each = local.guarded

  name                       = "logs"
  target_resource_id         = azurerm_network_security_group.this[each.key].id
  log_analytics_workspace_id = var.log_analytics_workspace_id

  enabled_log {
    category_group = "allLogs"
  }
}
