# Values of the right shape. Copy to terraform.tfvars, which is not committed, and fill in.

# Subscription that everything here is in.
subscription_id = "00000000-0000-0000-0000-000000000001"

# Entra tenant.
tenant_id = "00000000-0000-0000-0000-000000000002"

# Passwords of the databases' administrators by stamp; from the vault, at the moment of the apply. Never in the state.
database_administrator_passwords = {
  distributor = "from-the-vault"
}

# Entra groups that may administer databases: object ids by name. They ask for membership, for a limited time.
database_administrator_groups = {
  database-administrators = "00000000-0000-0000-0000-000000000003"
}

# Object ids of Entra groups by name.
group_object_ids = {
  erp-audit    = "00000000-0000-0000-0000-000000000003"
  erp-platform = "00000000-0000-0000-0000-000000000003"
  erp-recovery = "00000000-0000-0000-0000-000000000003"
  erp-support  = "00000000-0000-0000-0000-000000000003"
}
