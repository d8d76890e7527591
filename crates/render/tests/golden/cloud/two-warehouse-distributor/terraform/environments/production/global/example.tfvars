# Values of the right shape. Copy to terraform.tfvars, which is not committed, and fill in.

# Subscription that everything here is in.
subscription_id = "00000000-0000-0000-0000-000000000001"

# First day of the month in which the budget begins, as YYYY-MM-01T00:00:00Z.
budget_start = "2030-01-01T00:00:00Z"

# Object ids of Entra groups by name.
group_object_ids = {
  erp-audit    = "00000000-0000-0000-0000-000000000003"
  erp-platform = "00000000-0000-0000-0000-000000000003"
  erp-recovery = "00000000-0000-0000-0000-000000000003"
  erp-support  = "00000000-0000-0000-0000-000000000003"
}
