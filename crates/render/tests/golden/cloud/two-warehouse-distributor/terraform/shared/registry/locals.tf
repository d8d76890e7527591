locals {
  tags = {
    cost-centre = "logistics"
    estate      = "two-warehouse-distributor"
    managed-by  = "plimsoll"
    owner       = "logistics-it"
  }
}
