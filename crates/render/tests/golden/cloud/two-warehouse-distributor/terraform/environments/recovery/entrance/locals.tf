locals {
  tags = {
    cost-centre = "logistics"
    environment = "recovery"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    stage       = "recovery"
  }
  infrastructure_northeurope = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-recovery-northeurope-infrastructure"
  nodes_northeurope          = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-recovery-northeurope-nodes"
}
