# A region's logs. They are in the state of the infrastructure, not of the platform: a release must not be able to
# delete the record of what it did. The subscription's activity is written to every region's workspace, so that the
# record survives the loss of a region.

resource "azurerm_log_analytics_workspace" "this" {
  name                            = var.name
  resource_group_name             = var.resource_group_name
  location                        = var.location
  sku                             = "PerGB2018"
  retention_in_days               = var.retention_days
  local_authentication_enabled    = false
  allow_resource_only_permissions = true
  tags                            = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_log_analytics_workspace_table" "audit" {
  for_each = toset(["AKSAuditAdmin", "AZKVAuditLogs", "AzureActivity", "StorageBlobLogs"])

  name                    = each.value
  workspace_id            = azurerm_log_analytics_workspace.this.id
  retention_in_days       = var.retention_days
  total_retention_in_days = var.audit_retention_days
}

resource "azurerm_monitor_diagnostic_setting" "workspace" {
  name                       = "queries"
  target_resource_id         = azurerm_log_analytics_workspace.this.id
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id

  enabled_log {
    category_group = "audit"
  }
}

resource "azurerm_monitor_diagnostic_setting" "activity" {
  name                       = "activity-${var.name}"
  target_resource_id         = "/subscriptions/${var.subscription_id}"
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id

  dynamic "enabled_log" {
    for_each = ["Administrative", "Alert", "Policy", "ResourceHealth", "Security", "ServiceHealth"]

    content {
      category = enabled_log.value
    }
  }
}
