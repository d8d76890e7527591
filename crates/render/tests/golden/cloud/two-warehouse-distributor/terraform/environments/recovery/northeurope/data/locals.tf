locals {
  data = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-recovery-northeurope-data"
  tags = {
    cost-centre = "logistics"
    environment = "recovery"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    region      = "northeurope"
    stage       = "recovery"
  }
  infrastructure = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-recovery-northeurope-infrastructure"
}
