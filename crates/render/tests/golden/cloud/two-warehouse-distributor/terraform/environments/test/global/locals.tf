locals {
  global = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-test-global"
  tags = {
    cost-centre = "logistics"
    environment = "test"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    stage       = "test"
  }
}
