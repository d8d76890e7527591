locals {
  tags = {
    cost-centre = "logistics"
    environment = "test"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    stage       = "test"
  }
  infrastructure_westeurope = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-test-westeurope-infrastructure"
  nodes_westeurope          = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-test-westeurope-nodes"
}
