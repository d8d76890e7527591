output "host_name" {
  description = "Where the domains' CNAME records point to."
  value       = azurerm_cdn_frontdoor_endpoint.this.host_name
}

output "validation_tokens" {
  description = "Values of the TXT records `_dnsauth.DOMAIN` that prove a domain is ours."
  value = merge(
    { for domain in azurerm_cdn_frontdoor_custom_domain.managed : domain.host_name => domain.validation_token },
    { for domain in azurerm_cdn_frontdoor_custom_domain.wildcard : domain.host_name => domain.validation_token },
  )
}

output "origin_ids" {
  description = "Ids of the regions' origins; the recovery sagas switch these."
  value       = { for region, origin in azurerm_cdn_frontdoor_origin.this : region => origin.id }
}
