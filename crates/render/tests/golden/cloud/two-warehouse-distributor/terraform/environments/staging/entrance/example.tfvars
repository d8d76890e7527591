# Values of the right shape. Copy to terraform.tfvars, which is not committed, and fill in.

# Subscription that everything here is in.
subscription_id = "00000000-0000-0000-0000-000000000001"

# Versionless ids of wildcard certificates in the first region's vault, by domain.
wildcard_certificate_ids = {
  "*.staging.erp.distribution.example.com" = "https://two-warehouse-dis-vu6di7.vault.azure.net/certificates/wildcard"
}

# Public DNS zone in Azure that proves the domains are ours; null where DNS is elsewhere.
dns_zone_id = null
