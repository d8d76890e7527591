locals {
  global = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-staging-global"
  tags = {
    cost-centre = "logistics"
    environment = "staging"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    stage       = "staging"
  }
}
