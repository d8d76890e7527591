locals {
  data = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-westeurope-data"
  tags = {
    cost-centre = "logistics"
    environment = "production"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
    region      = "westeurope"
    stage       = "production"
  }
  infrastructure = "/subscriptions/${var.subscription_id}/resourceGroups/two-warehouse-distributor-production-westeurope-infrastructure"
}
