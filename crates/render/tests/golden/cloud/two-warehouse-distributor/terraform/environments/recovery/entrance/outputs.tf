output "host_name" {
  description = "Where the domains' CNAME records point to."
  value       = module.front_door.host_name
}

output "validation_tokens" {
  description = "Values of the TXT records _dnsauth.DOMAIN."
  value       = module.front_door.validation_tokens
}
