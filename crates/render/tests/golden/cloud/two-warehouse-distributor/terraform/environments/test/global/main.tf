resource "azurerm_resource_group" "this" {
  name     = "two-warehouse-distributor-test-global"
  location = "westeurope"
  tags     = local.tags
}

module "guardrails" {
  source = "../../../modules/guardrails"

  name            = "test"
  subscription_id = var.subscription_id

  allowed_locations = ["westeurope", "global"]
  required_tags     = ["cost-centre", "environment", "estate", "managed-by", "owner", "stage"]
}

module "budget" {
  source = "../../../modules/budget"

  name                = "test"
  resource_group_name = azurerm_resource_group.this.name
  subscription_id     = var.subscription_id

  locations = ["westeurope"]
  contacts  = ["operations@distribution.example.com"]
  budget = {
    monthly          = 524
    alert_at_percent = [50, 80, 100]
  }
  budget_start = var.budget_start
  budget_resource_groups = [
    "two-warehouse-distributor-test-global",
    "two-warehouse-distributor-test-westeurope-data",
    "two-warehouse-distributor-test-westeurope-infrastructure",
    "two-warehouse-distributor-test-westeurope-nodes",
    "two-warehouse-distributor-test-westeurope-platform",
  ]
  tags = local.tags
}

module "access" {
  source = "../../../modules/access"

  subscription_id  = var.subscription_id
  scope            = local.global
  group_object_ids = var.group_object_ids
  notify           = ["operations@distribution.example.com"]

  standing = {
    auditor-reader = {
      group = "erp-audit"
      role  = "Reader"
      why   = "Persona auditor."
    }
  }
  just_in_time = {
    platform-operator-reader = {
      group = "erp-platform"
      role  = "Reader"
      why   = "Persona platform-operator."
    }
    recovery-authority-contributor = {
      group = "erp-recovery"
      role  = "Contributor"
      why   = "Persona recovery-authority."
    }
    recovery-authority-reader = {
      group = "erp-recovery"
      role  = "Reader"
      why   = "Persona recovery-authority."
    }
  }
  activation = {
    Contributor = {
      maximum_duration = "PT8H"
      approvers        = []
    }
    Reader = {
      maximum_duration = "PT4H"
      approvers        = ["erp-recovery"]
    }
  }
}
