locals {
  tags = {
    cost-centre = "logistics"
    environment = "production"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    stage       = "production"
  }
  infrastructure_westeurope  = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-westeurope-infrastructure"
  infrastructure_northeurope = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-northeurope-infrastructure"
  nodes_westeurope           = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-westeurope-nodes"
  nodes_northeurope          = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-northeurope-nodes"
}
