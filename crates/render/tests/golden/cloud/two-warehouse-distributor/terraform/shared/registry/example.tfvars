# Values of the right shape. Copy to terraform.tfvars, which is not committed, and fill in.

# Subscription that everything here is in.
subscription_id = "00000000-0000-0000-0000-000000000001"
