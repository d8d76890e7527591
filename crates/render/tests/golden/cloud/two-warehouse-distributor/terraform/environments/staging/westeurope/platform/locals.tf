locals {
  platform = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-staging-westeurope-platform"
  tags = {
    cost-centre = "logistics"
    environment = "staging"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    region      = "westeurope"
    stage       = "staging"
  }
  infrastructure = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-staging-westeurope-infrastructure"
  data           = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-staging-westeurope-data"
}
