locals {
  platform = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-test-westeurope-platform"
  tags = {
    cost-centre = "logistics"
    environment = "test"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    region      = "westeurope"
    stage       = "test"
  }
  infrastructure = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-test-westeurope-infrastructure"
  data           = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-test-westeurope-data"
}
