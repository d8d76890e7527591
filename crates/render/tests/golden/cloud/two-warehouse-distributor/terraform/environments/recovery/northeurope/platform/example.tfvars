# Values of the right shape. Copy to terraform.tfvars, which is not committed, and fill in.

# Subscription that everything here is in.
subscription_id = "00000000-0000-0000-0000-000000000001"

# Public DNS zone in Azure that certificates are proved in; it belongs to nobody here.
dns_zone_id = "/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/dns/providers/Microsoft.Network/dnsZones/example.com"

# Issuers of clusters' tokens: output oidc_issuer_urls of the infrastructure's stack.
oidc_issuer_urls = {
  two-warehouse-distributor-recovery-northeurope = "https://northeurope.oic.prod-aks.azure.com/00000000-0000-0000-0000-000000000002/"
}

# Git repository of the rendered tree, and the branch that this environment follows.
git_repository = {
  url                = "ssh://git@git.example.com/platform/rendered.git"
  branch             = "production"
  known_hosts_base64 = "Z2l0LmV4YW1wbGUuY29t"
}

# Private SSH key, base64, that may read the repository and nothing else; null where none is needed.
git_repository_key = null

# Entra tenant.
tenant_id = "00000000-0000-0000-0000-000000000002"

# Object ids of Entra groups by name.
group_object_ids = {
  erp-audit    = "00000000-0000-0000-0000-000000000003"
  erp-platform = "00000000-0000-0000-0000-000000000003"
  erp-recovery = "00000000-0000-0000-0000-000000000003"
  erp-support  = "00000000-0000-0000-0000-000000000003"
}
