resource "azurerm_resource_group" "this" {
  name     = "two-warehouse-distributor-shared"
  location = "westeurope"
  tags     = local.tags
}

module "observability" {
  source = "../../modules/observability"

  name                = "two-warehouse-distributor-shared-logs"
  resource_group_name = azurerm_resource_group.this.name
  location            = "westeurope"
  subscription_id     = var.subscription_id

  retention_days       = 90
  audit_retention_days = 400
  tags                 = local.tags
}

module "registry" {
  source = "../../modules/registry"

  name                = "twowarehousedistributorregsrxdny3s"
  resource_group_name = azurerm_resource_group.this.name
  location            = "westeurope"

  zone_redundant = true
  replicas = [
    {
      location       = "northeurope"
      zone_redundant = true
    },
  ]
  untagged_days = 30

  log_analytics_workspace_id = module.observability.workspace_id
  tags                       = local.tags
}
