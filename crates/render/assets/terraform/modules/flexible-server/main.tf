# A Flexible Server in the region's network: a primary, or the replica of one in another region, with its read-only
# copies and, on the replica's side, the virtual endpoint that follows whoever is the primary.
# Databases and roles of tenants are not made here: there may be thousands, and they come and go with releases.

resource "azurerm_postgresql_flexible_server" "this" {
  name                = var.name
  resource_group_name = var.resource_group_name
  location            = var.location
  version             = var.postgres_version
  tags                = var.tags

  create_mode      = var.source_server_id == null ? "Default" : "Replica"
  source_server_id = var.source_server_id

  sku_name          = var.sku_name
  storage_mb        = var.storage_mb
  auto_grow_enabled = true
  zone              = var.zone

  delegated_subnet_id           = var.subnet_id
  private_dns_zone_id           = var.private_dns_zone_id
  public_network_access_enabled = false

  backup_retention_days        = var.backup_days
  geo_redundant_backup_enabled = var.geo_backup

  administrator_login               = var.source_server_id == null ? var.administrator.login : null
  administrator_password_wo         = var.source_server_id == null ? var.administrator_password : null
  administrator_password_wo_version = var.source_server_id == null ? var.administrator.password_version : null

  authentication {
    active_directory_auth_enabled = true
    password_auth_enabled         = true
    tenant_id                     = var.tenant_id
  }

  # Azure has no standby in the region for a replica until it is promoted.
  dynamic "high_availability" {
    for_each = var.source_server_id == null ? var.high_availability[*] : []

    content {
      mode                      = high_availability.value.mode
      standby_availability_zone = high_availability.value.standby_zone
    }
  }

  maintenance_window {
    day_of_week  = var.maintenance.day_of_week
    start_hour   = var.maintenance.hour
    start_minute = 0
  }

  lifecycle {
    prevent_destroy = true

    # A failover swaps the zones, growth moves the size, a promotion ends the replication: all of them are right.
    ignore_changes = [
      zone,
      high_availability[0].standby_availability_zone,
      storage_mb,
      create_mode,
      source_server_id,
      replication_role,
    ]
  }
}

resource "azurerm_postgresql_flexible_server" "reporting" {
  for_each = var.reporting_replicas

  name                = each.value
  resource_group_name = var.resource_group_name
  location            = var.location
  version             = var.postgres_version
  tags                = merge(var.tags, { role = "reporting" })

  create_mode      = "Replica"
  source_server_id = azurerm_postgresql_flexible_server.this.id

  sku_name          = var.sku_name
  storage_mb        = var.storage_mb
  auto_grow_enabled = true

  delegated_subnet_id           = var.subnet_id
  private_dns_zone_id           = var.private_dns_zone_id
  public_network_access_enabled = false

  authentication {
    active_directory_auth_enabled = true
    password_auth_enabled         = true
    tenant_id                     = var.tenant_id
  }

  lifecycle {
    ignore_changes = [zone, storage_mb]
  }

  depends_on = [azurerm_postgresql_flexible_server_configuration.this]
}

# A replica takes its parameters from here too: some of them must never be smaller than the primary's.
resource "azurerm_postgresql_flexible_server_configuration" "this" {
  for_each = var.parameters

  server_id = azurerm_postgresql_flexible_server.this.id
  name      = each.key
  value     = each.value
}

resource "azurerm_postgresql_flexible_server_active_directory_administrator" "this" {
  for_each = var.source_server_id == null ? var.directory_administrators : {}

  server_name         = azurerm_postgresql_flexible_server.this.name
  resource_group_name = var.resource_group_name
  tenant_id           = var.tenant_id
  object_id           = each.value
  principal_name      = each.key
  principal_type      = "Group"
}

resource "azurerm_postgresql_flexible_server_virtual_endpoint" "this" {
  count = var.virtual_endpoint == null ? 0 : 1

  name              = var.virtual_endpoint
  source_server_id  = coalesce(var.source_server_id, azurerm_postgresql_flexible_server.this.id)
  replica_server_id = azurerm_postgresql_flexible_server.this.id
  type              = "ReadWrite"

  lifecycle {
    # After a promotion it points the other way round, until the next one.
    ignore_changes = [source_server_id, replica_server_id]
  }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                           = "logs"
  target_resource_id             = azurerm_postgresql_flexible_server.this.id
  log_analytics_workspace_id     = var.log_analytics_workspace_id
  log_analytics_destination_type = "Dedicated"

  enabled_log {
    category_group = "allLogs"
  }

  enabled_metric {
    category = "AllMetrics"
  }
}

resource "azurerm_monitor_diagnostic_setting" "reporting" {
  for_each = var.reporting_replicas

  name                           = "logs"
  target_resource_id             = azurerm_postgresql_flexible_server.reporting[each.key].id
  log_analytics_workspace_id     = var.log_analytics_workspace_id
  log_analytics_destination_type = "Dedicated"

  enabled_log {
    category_group = "allLogs"
  }

  enabled_metric {
    category = "AllMetrics"
  }
}
