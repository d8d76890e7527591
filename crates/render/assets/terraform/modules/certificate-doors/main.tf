# Names for partners who come with a certificate of their own. Front Door would end their TLS, so they connect to the
# region's load balancer, which hands the connection on as it is, to the gateway. The name follows who leads: only that
# region's gateway says that it is well, and no apply and no person has to turn anything.

locals {
  endpoints = merge([
    for door, it in var.doors : {
      for region, endpoint in it.endpoints : "${door}-${region}" => merge(endpoint, { door = door, region = region })
    }
  ]...)
}

resource "azurerm_traffic_manager_profile" "this" {
  for_each = var.doors

  name                   = each.value.profile
  resource_group_name    = var.resource_group_name
  traffic_routing_method = "Priority"
  tags                   = var.tags

  dns_config {
    relative_name = each.value.profile
    ttl           = 10
  }

  monitor_config {
    protocol                     = "HTTPS"
    port                         = 443
    path                         = var.health_path
    interval_in_seconds          = 10
    timeout_in_seconds           = 5
    tolerated_number_of_failures = 1

    custom_header {
      name  = "host"
      value = each.value.host
    }
  }
}

resource "azurerm_traffic_manager_external_endpoint" "this" {
  for_each = local.endpoints

  name       = each.value.region
  profile_id = azurerm_traffic_manager_profile.this[each.value.door].id
  target     = each.value.target
  priority   = each.value.priority
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  for_each = {
    for pair in setproduct(keys(var.doors), keys(var.log_analytics_workspace_ids)) :
    "${pair[0]}-${pair[1]}" => { door = pair[0], region = pair[1] }
  }

  name                       = "logs-${each.value.region}"
  target_resource_id         = azurerm_traffic_manager_profile.this[each.value.door].id
  log_analytics_workspace_id = var.log_analytics_workspace_ids[each.value.region]

  enabled_log {
    category_group = "allLogs"
  }

  enabled_metric {
    category = "AllMetrics"
  }
}
