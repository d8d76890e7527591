locals {
  global = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-recovery-global"
  tags = {
    cost-centre = "logistics"
    environment = "recovery"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    stage       = "recovery"
  }
}
