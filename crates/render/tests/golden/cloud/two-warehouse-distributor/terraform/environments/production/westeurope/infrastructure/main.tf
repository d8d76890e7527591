resource "azurerm_resource_group" "this" {
  name     = "two-warehouse-distributor-production-westeurope-infrastructure"
  location = "westeurope"
  tags     = local.tags
}

module "observability" {
  source = "../../../../modules/observability"

  name                = "two-warehouse-distributor-production-westeurope-logs"
  resource_group_name = azurerm_resource_group.this.name
  location            = "westeurope"
  subscription_id     = var.subscription_id

  retention_days       = 90
  audit_retention_days = 400
  tags                 = local.tags
}

module "network" {
  source = "../../../../modules/network"

  name                = "two-warehouse-distributor-production-westeurope-network"
  resource_group_name = azurerm_resource_group.this.name
  location            = "westeurope"

  address_space = "10.20.0.0/16"
  subnets = {
    nodes = {
      name           = "nodes"
      address_prefix = "10.20.0.0/17"
    }
    ingress = {
      name           = "ingress"
      address_prefix = "10.20.128.0/20"
    }
    database = {
      name           = "database"
      address_prefix = "10.20.144.0/20"
    }
    private_endpoints = {
      name           = "private-endpoints"
      address_prefix = "10.20.160.0/20"
    }
    gateway = {
      name           = "GatewaySubnet"
      address_prefix = "10.20.176.0/20"
    }
  }
  private_dns_zones = {
    blob     = "privatelink.blob.core.windows.net"
    cluster  = "privatelink.westeurope.azmk8s.io"
    internal = "westeurope.internal.erp.distribution.example.com"
    postgres = "two-warehouse-distributor-production-westeurope-network.private.postgres.database.azure.com"
    redis    = "privatelink.redis.azure.net"
    registry = "privatelink.azurecr.io"
    vault    = "privatelink.vaultcore.azure.net"
  }

  pod_address_spaces       = ["100.64.0.0/14"]
  partner_address_space    = "10.21.0.0/16"
  partner_region_ports     = ["443", "5432", "9443"]
  partner_ports            = ["443"]
  site_address_spaces      = ["10.40.0.0/24", "10.40.1.0/24"]
  certificate_door_sources = []

  log_analytics_workspace_id = module.observability.workspace_id
  tags                       = local.tags
}

module "vault" {
  source = "../../../../modules/vault"

  name                = "two-warehouse-dis-qx6kxn"
  resource_group_name = azurerm_resource_group.this.name
  location            = "westeurope"
  tenant_id           = var.tenant_id

  soft_delete_days = 90
  private_endpoint = {
    subnet_id = module.network.subnet_ids["private_endpoints"]
    zone_id   = module.network.private_dns_zone_ids["vault"]
  }

  log_analytics_workspace_id = module.observability.workspace_id
  tags                       = local.tags
}

module "registry_endpoint" {
  source = "../../../../modules/private-endpoint"

  name                = "twowarehousedistributorregsrxdny3s"
  resource_group_name = azurerm_resource_group.this.name
  location            = "westeurope"

  resource_id = "${local.shared}/providers/Microsoft.ContainerRegistry/registries/twowarehousedistributorregsrxdny3s"
  subresource = "registry"
  private_endpoint = {
    subnet_id = module.network.subnet_ids["private_endpoints"]
    zone_id   = module.network.private_dns_zone_ids["registry"]
  }
  tags = local.tags
}

module "cluster" {
  source = "../../../../modules/cluster"

  name                = "two-warehouse-distributor-production-westeurope"
  resource_group_name = azurerm_resource_group.this.name
  location            = "westeurope"
  tenant_id           = var.tenant_id

  kubernetes_version = "1.34"
  sku_tier           = "Standard"
  zones              = ["1", "2", "3"]
  maintenance_window = {
    day_of_week    = "Sunday"
    start_time     = "07:00"
    utc_offset     = "+00:00"
    duration_hours = 7
    not_allowed = [
      {
        start = "2026-11-23T00:00:00Z"
        end   = "2026-12-27T00:00:00Z"
      },
    ]
  }

  network_id          = module.network.id
  subnet_id           = module.network.subnet_ids["nodes"]
  private_dns_zone_id = module.network.private_dns_zone_ids["cluster"]
  pod_addresses       = "100.64.0.0/14"
  service_addresses   = "100.112.0.0/16"
  dns_address         = "100.112.0.10"

  purpose_label = "plimsoll.io/pool"
  system_pool = {
    name      = "system"
    purpose   = "system"
    vm_size   = "Standard_D4s_v5"
    zones     = ["1", "2", "3"]
    nodes_min = 3
    nodes_max = 6
  }
  node_pools = {
    interactive = {
      purpose   = "interactive"
      vm_size   = "Standard_D4s_v5"
      zones     = ["1", "2", "3"]
      nodes_min = 3
      nodes_max = 9
      taints    = ["plimsoll.io/pool=interactive:NoSchedule"]
    }
    background = {
      purpose   = "background"
      vm_size   = "Standard_D4s_v5"
      zones     = ["1", "2", "3"]
      nodes_min = 1
      nodes_max = 2
      taints    = ["plimsoll.io/pool=background:NoSchedule"]
    }
  }

  registry_id                = "${local.shared}/providers/Microsoft.ContainerRegistry/registries/twowarehousedistributorregsrxdny3s"
  log_analytics_workspace_id = module.observability.workspace_id
  tags                       = local.tags
}

module "vpn" {
  source = "../../../../modules/site-gateway"

  name                = "two-warehouse-distributor-production-westeurope-vpn"
  resource_group_name = azurerm_resource_group.this.name
  location            = "westeurope"

  kind      = "vpn"
  sku       = "VpnGw1AZ"
  zones     = ["1", "2", "3"]
  subnet_id = module.network.subnet_ids["gateway"]
  connections = {
    westeurope-warehouse-north-vpn = {
      site      = "warehouse-north"
      remote    = "192.0.2.10"
      addresses = ["10.40.0.0/24"]
      secret    = "warehouse-north-vpn-key"
    }
    westeurope-warehouse-south-vpn = {
      site      = "warehouse-south"
      remote    = "192.0.2.20"
      addresses = ["10.40.1.0/24"]
      secret    = "warehouse-south-vpn-key"
    }
  }
  secrets = var.site_secrets

  log_analytics_workspace_id = module.observability.workspace_id
  tags                       = local.tags
}

module "access" {
  source = "../../../../modules/access"

  subscription_id  = var.subscription_id
  scope            = local.infrastructure
  group_object_ids = var.group_object_ids
  notify           = ["operations@distribution.example.com"]

  standing = {
    auditor-reader = {
      group = "erp-audit"
      role  = "Reader"
      why   = "Persona auditor."
    }
    platform-operator-cluster-user = {
      group = "erp-platform"
      role  = "Azure Kubernetes Service Cluster User Role"
      why   = "Persona platform-operator."
    }
    support-azure-kubernetes-service-rbac-reader = {
      group = "erp-support"
      role  = "Azure Kubernetes Service RBAC Reader"
      why   = "Persona support."
    }
    support-cluster-user = {
      group = "erp-support"
      role  = "Azure Kubernetes Service Cluster User Role"
      why   = "Persona support."
    }
  }
  just_in_time = {
    platform-operator-azure-kubernetes-service-rbac-admin = {
      group = "erp-platform"
      role  = "Azure Kubernetes Service RBAC Admin"
      why   = "Persona platform-operator."
    }
    platform-operator-contributor = {
      group = "erp-platform"
      role  = "Contributor"
      why   = "Persona platform-operator."
    }
    platform-operator-reader = {
      group = "erp-platform"
      role  = "Reader"
      why   = "Persona platform-operator."
    }
  }
  activation = {
    "Azure Kubernetes Service RBAC Admin" = {
      maximum_duration = "PT4H"
      approvers        = ["erp-recovery"]
    }
    Contributor = {
      maximum_duration = "PT4H"
      approvers        = ["erp-recovery"]
    }
    Reader = {
      maximum_duration = "PT4H"
      approvers        = ["erp-recovery"]
    }
  }
}

module "access_to_logs" {
  source = "../../../../modules/access"

  subscription_id  = var.subscription_id
  scope            = module.observability.workspace_id
  group_object_ids = var.group_object_ids
  notify           = ["operations@distribution.example.com"]

  standing = {
    auditor-log-analytics-reader = {
      group = "erp-audit"
      role  = "Log Analytics Reader"
      why   = "Persona auditor."
    }
    support-log-analytics-reader = {
      group = "erp-support"
      role  = "Log Analytics Reader"
      why   = "Persona support."
    }
  }
  just_in_time = {
    platform-operator-log-analytics-reader = {
      group = "erp-platform"
      role  = "Log Analytics Reader"
      why   = "Persona platform-operator."
    }
  }
  activation = {
    "Log Analytics Reader" = {
      maximum_duration = "PT4H"
      approvers        = ["erp-recovery"]
    }
  }
}
