locals {
  global = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-global"
  tags = {
    cost-centre = "logistics"
    environment = "production"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    stage       = "production"
  }
}
