locals {
  data = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-northeurope-data"
  tags = {
    cost-centre = "logistics"
    environment = "production"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    region      = "northeurope"
    stage       = "production"
  }
  infrastructure            = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-northeurope-infrastructure"
  data_westeurope           = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-westeurope-data"
  infrastructure_westeurope = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-westeurope-infrastructure"
}
