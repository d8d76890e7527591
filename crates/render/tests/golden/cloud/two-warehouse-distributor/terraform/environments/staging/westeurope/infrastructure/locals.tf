locals {
  infrastructure = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-staging-westeurope-infrastructure"
  tags = {
    cost-centre = "logistics"
    environment = "staging"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    region      = "westeurope"
    stage       = "staging"
  }
  shared = "/subscriptions/${var.shared_subscription_id}/resourceGroups/two-warehouse-distributor-shared"
}
