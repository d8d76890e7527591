resource "azurerm_resource_group" "this" {
  name     = "two-warehouse-distributor-shared"
  location = "westeurope"
  tags     = local.tags
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
  tags          = local.tags
}
