output "oidc_issuer_urls" {
  description = "Issuers of the tokens of clusters; the platform's stack needs them."
  value = {
    two-warehouse-distributor-staging-westeurope = module.cluster.oidc_issuer_url
  }
}

output "outbound_addresses" {
  description = "Addresses that partners see us come from, for their firewalls."
  value = {
    two-warehouse-distributor-staging-westeurope = module.cluster.outbound_addresses
  }
}
