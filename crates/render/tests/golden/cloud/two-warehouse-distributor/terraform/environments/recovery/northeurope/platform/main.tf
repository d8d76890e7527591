resource "azurerm_resource_group" "this" {
  name     = "two-warehouse-distributor-recovery-northeurope-platform"
  location = "northeurope"
  tags     = local.tags
}

module "identity_platform" {
  source = "../../../../modules/workload-identity"

  name                = "two-warehouse-distributor-recovery-northeurope-platform"
  resource_group_name = azurerm_resource_group.this.name
  location            = "northeurope"

  oidc_issuer_url = var.oidc_issuer_urls["two-warehouse-distributor-recovery-northeurope"]
  service_accounts = [
    "cert-manager/cert-manager",
    "cert-manager/secrets",
    "external-dns/external-dns",
  ]
  roles = {
    names = {
      scope = "${local.infrastructure}/providers/Microsoft.Network/privateDnsZones/northeurope.internal.recovery.erp.distribution.example.com"
      role  = "Private DNS Zone Contributor"
    }
    challenges = {
      scope = var.dns_zone_id
      role  = "DNS Zone Contributor"
    }
    secrets = {
      scope = "${local.infrastructure}/providers/Microsoft.KeyVault/vaults/two-warehouse-dis-xt7dxc"
      role  = "Key Vault Secrets User"
    }
  }
  tags = local.tags
}

module "identity_distributor" {
  source = "../../../../modules/workload-identity"

  name                = "two-warehouse-distributor-recovery-northeurope-distributor"
  resource_group_name = azurerm_resource_group.this.name
  location            = "northeurope"

  oidc_issuer_url  = var.oidc_issuer_urls["two-warehouse-distributor-recovery-northeurope"]
  service_accounts = ["erp-distributor/secrets"]
  roles = {
    secrets = {
      scope = "${local.infrastructure}/providers/Microsoft.KeyVault/vaults/two-warehouse-dis-xt7dxc"
      role  = "Key Vault Secrets User"
    }
    attachments = {
      scope = "${local.data}/providers/Microsoft.Storage/storageAccounts/twowarehousedobj45zhjvi4/blobServices/default/containers/distributor-attachments"
      role  = "Storage Blob Data Contributor"
    }
    exports = {
      scope = "${local.data}/providers/Microsoft.Storage/storageAccounts/twowarehousedobj45zhjvi4/blobServices/default/containers/distributor-exports"
      role  = "Storage Blob Data Contributor"
    }
  }
  tags = local.tags
}

module "identity_distributor_backup" {
  source = "../../../../modules/workload-identity"

  name                = "two-warehouse-distributor-recovery-northeurope-distributor-backup"
  resource_group_name = azurerm_resource_group.this.name
  location            = "northeurope"

  oidc_issuer_url  = var.oidc_issuer_urls["two-warehouse-distributor-recovery-northeurope"]
  service_accounts = ["erp-distributor/backup"]
  roles = {
    northeurope = {
      scope = "${local.data}/providers/Microsoft.Storage/storageAccounts/twowarehousedbaks4nauboe/blobServices/default/containers/distributor-backups"
      role  = "Storage Blob Data Contributor"
    }
  }
  tags = local.tags
}

module "gitops" {
  source = "../../../../modules/gitops"

  cluster_id = "${local.infrastructure}/providers/Microsoft.ContainerService/managedClusters/two-warehouse-distributor-recovery-northeurope"

  repository     = var.git_repository
  repository_key = var.git_repository_key
  path           = "./kubernetes/environments/recovery/regions/northeurope/clusters/two-warehouse-distributor-recovery-northeurope"
  substitutions = {
    azure_subscription_id                                                       = var.subscription_id
    azure_tenant_id                                                             = var.tenant_id
    dns_resource_group                                                          = split("/", var.dns_zone_id)[4]
    platform_client_id                                                          = module.identity_platform.client_id
    private_dns_resource_group                                                  = "two-warehouse-distributor-recovery-northeurope-infrastructure"
    client_id_two_warehouse_distributor_recovery_northeurope_distributor        = module.identity_distributor.client_id
    client_id_two_warehouse_distributor_recovery_northeurope_distributor_backup = module.identity_distributor_backup.client_id
  }
}

module "access" {
  source = "../../../../modules/access"

  subscription_id  = var.subscription_id
  scope            = local.platform
  group_object_ids = var.group_object_ids
  notify           = ["operations@distribution.example.com"]

  standing = {
    auditor-reader = {
      group = "erp-audit"
      role  = "Reader"
      why   = "Persona auditor."
    }
    support-monitoring-reader = {
      group = "erp-support"
      role  = "Monitoring Reader"
      why   = "Persona support."
    }
  }
  just_in_time = {
    platform-operator-contributor = {
      group = "erp-platform"
      role  = "Contributor"
      why   = "Persona platform-operator."
    }
    platform-operator-monitoring-reader = {
      group = "erp-platform"
      role  = "Monitoring Reader"
      why   = "Persona platform-operator."
    }
    recovery-authority-monitoring-reader = {
      group = "erp-recovery"
      role  = "Monitoring Reader"
      why   = "Persona recovery-authority."
    }
  }
  activation = {
    Contributor = {
      maximum_duration = "PT4H"
      approvers        = ["erp-recovery"]
    }
    "Monitoring Reader" = {
      maximum_duration = "PT4H"
      approvers        = ["erp-recovery"]
    }
  }
}
