# The container registry of the whole estate: an image is built once and promoted, never rebuilt. It is copied to
# every region, so that a region starts without any other.

resource "azurerm_container_registry" "this" {
  name                          = var.name
  resource_group_name           = var.resource_group_name
  location                      = var.location
  sku                           = "Premium"
  admin_enabled                 = false
  anonymous_pull_enabled        = false
  data_endpoint_enabled         = true
  export_policy_enabled         = false
  public_network_access_enabled = false
  network_rule_bypass_option    = "AzureServices"
  zone_redundancy_enabled       = var.zone_redundant
  retention_policy_in_days      = var.untagged_days
  tags                          = var.tags

  dynamic "georeplications" {
    for_each = var.replicas

    content {
      location                        = georeplications.value.location
      global_endpoint_routing_enabled = true
      zone_redundancy_enabled         = georeplications.value.zone_redundant
      tags                            = var.tags
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Who pushed what, and who took it.
resource "azurerm_monitor_diagnostic_setting" "this" {
  name                       = "logs"
  target_resource_id         = azurerm_container_registry.this.id
  log_analytics_workspace_id = var.log_analytics_workspace_id

  enabled_log {
    category_group = "allLogs"
  }

  enabled_metric {
    category = "AllMetrics"
  }
}
