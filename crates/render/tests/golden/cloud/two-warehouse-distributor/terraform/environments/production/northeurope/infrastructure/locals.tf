locals {
  infrastructure = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-northeurope-infrastructure"
  tags = {
    cost-centre = "logistics"
    environment = "production"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    region      = "northeurope"
    stage       = "production"
  }
  shared                    = "/subscriptions/${var.shared_subscription_id}/resourceGroups/two-warehouse-distributor-shared"
  infrastructure_westeurope = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-westeurope-infrastructure"
}
