resource "azurerm_storage_account" "objects" {
  name                            = var.name
  tags                            = var.tags
  shared_access_key_enabled       = false
  allow_nested_items_to_be_public = false
  https_traffic_only_enabled      = true
  min_tls_version                 = "TLS1_2"
  public_network_access           = "Disabled"
  is_hns_enabled                  = false

  network_rules {
    default_action = "Deny"
  }

  blob_properties {
    versioning_enabled = var.versioning
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_container" "objects" {
  name                  = "files"
  storage_account_id    = azurerm_storage_account.objects.id
  container_access_type = "private"
}

resource "azurerm_storage_object_replication" "objects" {
  source_storage_account_id      = var.source_account_id
  destination_storage_account_id = azurerm_storage_account.objects.id
}

resource "azurerm_private_endpoint" "objects" {
  name = "pe-objects"
  tags = var.tags

  private_service_connection {
    private_connection_resource_id = azurerm_storage_account.objects.id
  }
}

resource "azurerm_monitor_diagnostic_setting" "objects" {
  name               = "logs"
  target_resource_id = "${azurerm_storage_account.objects.id}/blobServices/default"
}

resource "azurerm_key_vault" "this" {
  name                          = var.vault
  tags                          = var.tags
  rbac_authorization_enabled    = true
  purge_protection_enabled      = true
  soft_delete_retention_days    = 90
  public_network_access_enabled = false

  lifecycle {
    prevent_destroy = true
  }
}

module "vault_endpoint" {
  source   = "../private-endpoint"
  resource = azurerm_key_vault.this.id
}

resource "azurerm_monitor_diagnostic_setting" "vault" {
  name               = "logs"
  target_resource_id = azurerm_key_vault.this.id
}

resource "azurerm_postgresql_flexible_server" "this" {
  name                          = var.server
  tags                          = merge(var.tags, { role = "primary" })
  administrator_password_wo     = var.administrator_password
  public_network_access_enabled = false

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_postgresql_flexible_server_configuration" "transport" {
  name      = "require_secure_transport"
  server_id = azurerm_postgresql_flexible_server.this.id
  value     = "ON"
}

resource "azurerm_monitor_diagnostic_setting" "database" {
  name               = "logs"
  target_resource_id = azurerm_postgresql_flexible_server.this.id
}

resource "azurerm_managed_redis" "this" {
  name                  = var.cache
  tags                  = var.tags
  public_network_access = "Disabled"

  default_database {
    client_protocol = "Encrypted"
  }
}

resource "azurerm_private_endpoint" "cache" {
  name = "pe-cache"
  tags = var.tags

  private_service_connection {
    private_connection_resource_id = azurerm_managed_redis.this.id
  }
}

resource "azurerm_monitor_diagnostic_setting" "cache" {
  name               = "logs"
  target_resource_id = azurerm_managed_redis.this.id
}
