# Values of the right shape. Copy to terraform.tfvars, which is not committed, and fill in.

# Subscription that everything here is in.
subscription_id = "00000000-0000-0000-0000-000000000001"

# Entra tenant.
tenant_id = "00000000-0000-0000-0000-000000000002"

# Subscription of the registry, which all environments share.
shared_subscription_id = "00000000-0000-0000-0000-000000000009"

# Object ids of Entra groups by name.
group_object_ids = {
  erp-audit    = "00000000-0000-0000-0000-000000000003"
  erp-platform = "00000000-0000-0000-0000-000000000003"
  erp-recovery = "00000000-0000-0000-0000-000000000003"
  erp-support  = "00000000-0000-0000-0000-000000000003"
}
