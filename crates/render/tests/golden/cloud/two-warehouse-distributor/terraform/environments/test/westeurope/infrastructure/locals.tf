locals {
  infrastructure = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-test-westeurope-infrastructure"
  tags = {
    cost-centre = "logistics"
    environment = "test"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    region      = "westeurope"
    stage       = "test"
  }
  shared = "/subscriptions/${var.shared_subscription_id}/resourceGroups/two-warehouse-distributor-shared"
}
