variable "name" {
  description = "Name of the virtual network."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group it is in."
  type        = string
}

variable "location" {
  description = "Azure location."
  type        = string
}

variable "address_space" {
  description = "All addresses of the network, as CIDR."
  type        = string
}

variable "subnets" {
  description = "Subnets by purpose: nodes, ingress, database, private_endpoints, gateway."
  type = map(object({
    name           = string
    address_prefix = string
  }))

  validation {
    condition     = length(setsubtract(keys(var.subnets), ["nodes", "ingress", "database", "private_endpoints", "gateway"])) == 0
    error_message = "A subnet's purpose is one of nodes, ingress, database, private_endpoints, gateway."
  }
}

variable "private_dns_zones" {
  description = "Private DNS zones of the region by what is found in them."
  type        = map(string)
}

variable "pod_address_spaces" {
  description = "Overlay addresses of the pods of each cluster."
  type        = list(string)
}

variable "partner_address_space" {
  description = "Addresses of the partner region's network; null where there is none."
  type        = string
  default     = null
}

variable "partner_region_ports" {
  description = "Ports that the partner region may reach: HTTPS, PostgreSQL's replication, the copy of the journal."
  type        = list(string)
}

variable "site_address_spaces" {
  description = "Private addresses of the sites behind the region's gateways."
  type        = list(string)
  default     = []
}

variable "certificate_door_sources" {
  description = "Addresses that partners with certificates connect from, or Internet; empty where no gateway has a door for them."
  type        = list(string)
  default     = []
}

variable "partner_ports" {
  description = "Ports on the internet that pods may reach. Which pod reaches which host is the network policies' business."
  type        = list(string)
}

variable "log_analytics_workspace_id" {
  description = "Workspace that logs go to."
  type        = string
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
