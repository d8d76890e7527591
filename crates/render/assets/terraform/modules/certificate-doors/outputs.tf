output "host_names" {
  description = "Where the CNAME record of each host points to."
  value       = { for door, it in var.doors : it.host => azurerm_traffic_manager_profile.this[door].fqdn }
}
