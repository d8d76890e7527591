locals {
  infrastructure = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-recovery-northeurope-infrastructure"
  tags = {
    cost-centre = "logistics"
    environment = "recovery"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    region      = "northeurope"
    stage       = "recovery"
  }
  shared = "/subscriptions/${var.shared_subscription_id}/resourceGroups/two-warehouse-distributor-shared"
}
