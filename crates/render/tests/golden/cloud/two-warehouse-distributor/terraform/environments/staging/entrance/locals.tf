locals {
  tags = {
    cost-centre = "logistics"
    environment = "staging"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    stage       = "staging"
  }
  infrastructure_westeurope = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-staging-westeurope-infrastructure"
  nodes_westeurope          = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-staging-westeurope-nodes"
}
