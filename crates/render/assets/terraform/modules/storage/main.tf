# A storage account: no keys, no public address, every version kept. Immutability is per version and for the whole
# account: a policy of a container would forbid both replication and lifecycle rules.

resource "azurerm_storage_account" "this" {
  name                = var.name
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags

  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = var.redundancy
  access_tier              = "Hot"

  shared_access_key_enabled         = false
  default_to_oauth_authentication   = true
  local_user_enabled                = false
  allow_nested_items_to_be_public   = false
  cross_tenant_replication_enabled  = false
  allowed_copy_scope                = "AAD"
  https_traffic_only_enabled        = true
  min_tls_version                   = "TLS1_2"
  infrastructure_encryption_enabled = true
  public_network_access             = "Disabled"

  # Replication of objects excludes hierarchical namespaces.
  is_hns_enabled = false

  network_rules {
    default_action = "Deny"
    bypass         = ["AzureServices"]
  }

  blob_properties {
    versioning_enabled            = var.versioning
    change_feed_enabled           = var.change_feed
    change_feed_retention_in_days = var.change_feed ? var.soft_delete_days : null

    delete_retention_policy {
      days = var.soft_delete_days
    }

    container_delete_retention_policy {
      days = var.soft_delete_days
    }
  }

  dynamic "immutability_policy" {
    for_each = var.immutability[*]

    content {
      period_since_creation_in_days = immutability_policy.value.days
      state                         = immutability_policy.value.locked ? "Locked" : "Unlocked"
      allow_protected_append_writes = false
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_container" "this" {
  for_each = var.containers

  name                  = each.key
  storage_account_id    = azurerm_storage_account.this.id
  container_access_type = "private"
  metadata              = each.value.metadata

  lifecycle {
    prevent_destroy = true
  }
}

# Rules name containers by prefix, ten to a rule as Azure allows.
resource "azurerm_storage_management_policy" "this" {
  count = length(var.lifecycle_rules) + (var.versioning ? 1 : 0) > 0 ? 1 : 0

  storage_account_id = azurerm_storage_account.this.id

  dynamic "rule" {
    for_each = var.lifecycle_rules

    content {
      name    = rule.key
      enabled = true

      filters {
        blob_types   = ["blockBlob"]
        prefix_match = [for container in rule.value.containers : "${container}/"]
      }

      actions {
        base_blob {
          tier_to_cool_after_days_since_modification_greater_than = rule.value.cool_after_days
          delete_after_days_since_modification_greater_than       = rule.value.delete_after_days
        }
      }
    }
  }

  dynamic "rule" {
    for_each = var.versioning ? ["old-versions"] : []

    content {
      name    = rule.value
      enabled = true

      filters {
        blob_types = ["blockBlob"]
      }

      actions {
        version {
          delete_after_days_since_creation = max(var.soft_delete_days, try(var.immutability.days, 0))
        }
      }
    }
  }
}

resource "azurerm_private_endpoint" "this" {
  name                = "pe-${var.name}"
  resource_group_name = var.resource_group_name
  location            = var.location
  subnet_id           = var.private_endpoint.subnet_id
  tags                = var.tags

  private_service_connection {
    name                           = var.name
    private_connection_resource_id = azurerm_storage_account.this.id
    subresource_names              = ["blob"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "blob"
    private_dns_zone_ids = [var.private_endpoint.zone_id]
  }
}

# Objects are copied from the partner's account into this one; the account that receives is applied last and owns it.
resource "azurerm_storage_object_replication" "incoming" {
  count = var.replication == null ? 0 : 1

  source_storage_account_id      = var.replication.source_account_id
  destination_storage_account_id = azurerm_storage_account.this.id
  metrics_enabled                = true

  dynamic "rules" {
    for_each = var.replication.containers

    content {
      source_container_name      = rules.key
      destination_container_name = azurerm_storage_container.this[rules.value].name
      copy_blobs_created_after   = "Everything"
    }
  }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                           = "logs"
  target_resource_id             = "${azurerm_storage_account.this.id}/blobServices/default"
  log_analytics_workspace_id     = var.log_analytics_workspace_id
  log_analytics_destination_type = "Dedicated"

  # Reads are the tenants' business and ten times as many; who wrote and deleted is ours.
  dynamic "enabled_log" {
    for_each = ["StorageWrite", "StorageDelete"]

    content {
      category = enabled_log.value
    }
  }

  enabled_metric {
    category = "Transaction"
  }
}
