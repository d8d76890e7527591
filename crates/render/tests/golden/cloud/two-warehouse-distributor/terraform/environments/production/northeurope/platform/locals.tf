locals {
  platform = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-northeurope-platform"
  tags = {
    cost-centre = "logistics"
    environment = "production"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    region      = "northeurope"
    stage       = "production"
  }
  infrastructure  = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-northeurope-infrastructure"
  data            = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-northeurope-data"
  data_westeurope = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-westeurope-data"
}
