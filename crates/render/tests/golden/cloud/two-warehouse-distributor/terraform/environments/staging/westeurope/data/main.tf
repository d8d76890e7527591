resource "azurerm_resource_group" "this" {
  name     = "two-warehouse-distributor-staging-westeurope-data"
  location = "westeurope"
  tags     = local.tags

  lifecycle {
    prevent_destroy = true
  }
}

module "database_distributor" {
  source = "../../../../modules/flexible-server"

  name                = "two-warehouse-distributor-staging-westeurope-di-xvsete"
  resource_group_name = azurerm_resource_group.this.name
  location            = "westeurope"
  tenant_id           = var.tenant_id

  postgres_version = "17"
  sku_name         = "GP_Standard_D2ds_v5"
  storage_mb       = 262144
  zone             = "3"
  high_availability = {
    mode         = "ZoneRedundant"
    standby_zone = "1"
  }
  backup_days = 21
  geo_backup  = false
  maintenance = {
    day_of_week = 0
    hour        = 1
  }

  subnet_id           = "${local.infrastructure}/providers/Microsoft.Network/virtualNetworks/two-warehouse-distributor-staging-westeurope-network/subnets/database"
  private_dns_zone_id = "${local.infrastructure}/providers/Microsoft.Network/privateDnsZones/two-warehouse-distributor-staging-westeurope-network.private.postgres.database.azure.com"

  reporting_replicas = ["two-warehouse-distributor-staging-westeurope-di-xvsete-ro1"]

  administrator = {
    login            = "plimsoll_administrator"
    password_version = 1
  }
  administrator_password   = var.database_administrator_passwords["distributor"]
  directory_administrators = var.database_administrator_groups
  parameters = {
    autovacuum_analyze_scale_factor       = "0.02"
    autovacuum_naptime                    = "15"
    autovacuum_vacuum_cost_delay          = "2"
    autovacuum_vacuum_cost_limit          = "2000"
    autovacuum_vacuum_insert_scale_factor = "0.05"
    autovacuum_vacuum_scale_factor        = "0.02"
    "azure.extensions"                    = "AMCHECK,PG_STAT_STATEMENTS,PG_TRGM,UNACCENT"
    checkpoint_completion_target          = "0.9"
    checkpoint_timeout                    = "300"
    client_connection_check_interval      = "1000"
    effective_cache_size                  = "786432"
    hot_standby_feedback                  = "on"
    idle_in_transaction_session_timeout   = "600000"
    jit                                   = "off"
    log_autovacuum_min_duration           = "1000"
    log_checkpoints                       = "on"
    log_lock_waits                        = "on"
    log_min_duration_statement            = "1000"
    log_temp_files                        = "10240"
    maintenance_work_mem                  = "524288"
    max_connections                       = "400"
    max_parallel_workers                  = "2"
    max_slot_wal_keep_size                = "26624"
    max_wal_size                          = "2048"
    min_wal_size                          = "1024"
    password_encryption                   = "scram-sha-256"
    "pg_stat_statements.track"            = "all"
    random_page_cost                      = "1.1"
    require_secure_transport              = "on"
    shared_buffers                        = "262144"
    ssl_min_protocol_version              = "TLSv1.2"
    synchronous_commit                    = "on"
    tcp_keepalives_count                  = "3"
    tcp_keepalives_idle                   = "2"
    tcp_keepalives_interval               = "1"
    tcp_user_timeout                      = "5000"
    track_io_timing                       = "on"
    wal_sender_timeout                    = "5000"
    work_mem                              = "5242"
  }

  log_analytics_workspace_id = "${local.infrastructure}/providers/Microsoft.OperationalInsights/workspaces/two-warehouse-distributor-staging-westeurope-logs"
  tags                       = local.tags
}

module "cache_distributor" {
  source = "../../../../modules/cache"

  name                = "two-warehouse-distributor-staging-westeurope-distribu-hvpzw6"
  resource_group_name = azurerm_resource_group.this.name
  location            = "westeurope"

  sku_name          = "Balanced_B3"
  high_availability = true
  persistence       = "append-only"
  private_endpoint = {
    subnet_id = "${local.infrastructure}/providers/Microsoft.Network/virtualNetworks/two-warehouse-distributor-staging-westeurope-network/subnets/private-endpoints"
    zone_id   = "${local.infrastructure}/providers/Microsoft.Network/privateDnsZones/privatelink.redis.azure.net"
  }

  log_analytics_workspace_id = "${local.infrastructure}/providers/Microsoft.OperationalInsights/workspaces/two-warehouse-distributor-staging-westeurope-logs"
  tags                       = local.tags
}

module "storage_objects" {
  source = "../../../../modules/storage"

  name                = "twowarehousedobjmfrxp4nl"
  resource_group_name = azurerm_resource_group.this.name
  location            = "westeurope"

  redundancy       = "ZRS"
  versioning       = false
  change_feed      = false
  soft_delete_days = 30
  private_endpoint = {
    subnet_id = "${local.infrastructure}/providers/Microsoft.Network/virtualNetworks/two-warehouse-distributor-staging-westeurope-network/subnets/private-endpoints"
    zone_id   = "${local.infrastructure}/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net"
  }

  containers = {
    distributor-attachments = {
      metadata = {
        kind  = "attachments"
        stamp = "distributor"
      }
    }
    distributor-exports = {
      metadata = {
        kind  = "exports"
        stamp = "distributor"
      }
    }
  }
  lifecycle_rules = {
    age-cool-30-delete-365-1 = {
      containers        = ["distributor-exports"]
      cool_after_days   = 30
      delete_after_days = 365
    }
    age-cool-180-1 = {
      containers      = ["distributor-attachments"]
      cool_after_days = 180
    }
  }

  log_analytics_workspace_id = "${local.infrastructure}/providers/Microsoft.OperationalInsights/workspaces/two-warehouse-distributor-staging-westeurope-logs"
  tags                       = local.tags
}

module "storage_backups" {
  source = "../../../../modules/storage"

  name                = "twowarehousedbakl3dbf73m"
  resource_group_name = azurerm_resource_group.this.name
  location            = "westeurope"

  redundancy       = "ZRS"
  versioning       = true
  change_feed      = false
  soft_delete_days = 14
  private_endpoint = {
    subnet_id = "${local.infrastructure}/providers/Microsoft.Network/virtualNetworks/two-warehouse-distributor-staging-westeurope-network/subnets/private-endpoints"
    zone_id   = "${local.infrastructure}/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net"
  }

  containers = {
    distributor-backups = {
      metadata = {
        kind  = "backups"
        stamp = "distributor"
      }
    }
  }
  lifecycle_rules = {}
  immutability = {
    days   = 35
    locked = false
  }

  log_analytics_workspace_id = "${local.infrastructure}/providers/Microsoft.OperationalInsights/workspaces/two-warehouse-distributor-staging-westeurope-logs"
  tags                       = local.tags
}

module "access" {
  source = "../../../../modules/access"

  subscription_id  = var.subscription_id
  scope            = local.data
  group_object_ids = var.group_object_ids
  notify           = ["operations@distribution.example.com"]

  standing = {
    auditor-reader = {
      group = "erp-audit"
      role  = "Reader"
      why   = "Persona auditor."
    }
  }
  just_in_time = {
    platform-operator-reader = {
      group = "erp-platform"
      role  = "Reader"
      why   = "Persona platform-operator."
    }
    recovery-authority-contributor = {
      group = "erp-recovery"
      role  = "Contributor"
      why   = "Persona recovery-authority."
    }
    recovery-authority-reader = {
      group = "erp-recovery"
      role  = "Reader"
      why   = "Persona recovery-authority."
    }
    recovery-authority-storage-blob-data-reader = {
      group = "erp-recovery"
      role  = "Storage Blob Data Reader"
      why   = "Persona recovery-authority."
    }
  }
  activation = {
    Contributor = {
      maximum_duration = "PT8H"
      approvers        = []
    }
    Reader = {
      maximum_duration = "PT4H"
      approvers        = ["erp-recovery"]
    }
    "Storage Blob Data Reader" = {
      maximum_duration = "PT8H"
      approvers        = []
    }
  }
}
