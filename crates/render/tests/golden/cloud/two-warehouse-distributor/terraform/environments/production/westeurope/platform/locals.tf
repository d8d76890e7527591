locals {
  platform = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-westeurope-platform"
  tags = {
    cost-centre = "logistics"
    environment = "production"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    region      = "westeurope"
    stage       = "production"
  }
  infrastructure   = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-westeurope-infrastructure"
  data             = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-westeurope-data"
  data_northeurope = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-northeurope-data"
}
