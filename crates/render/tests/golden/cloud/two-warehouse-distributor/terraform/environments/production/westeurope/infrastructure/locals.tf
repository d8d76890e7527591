locals {
  infrastructure = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-westeurope-infrastructure"
  tags = {
    cost-centre = "logistics"
    environment = "production"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    region      = "westeurope"
    stage       = "production"
  }
  shared = "/subscriptions/${var.shared_subscription_id}/resourceGroups/two-warehouse-distributor-shared"
}
