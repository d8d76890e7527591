variable "name" {
  description = "Name of the cluster."
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

variable "tenant_id" {
  description = "Entra tenant."
  type        = string
}

variable "kubernetes_version" {
  description = "Minor version it is made with, such as 1.33."
  type        = string
}

variable "sku_tier" {
  description = "Standard has a service level for the control plane; Free does for what nobody waits for."
  type        = string

  validation {
    condition     = contains(["Free", "Standard", "Premium"], var.sku_tier)
    error_message = "The tier is Free, Standard or Premium."
  }
}

variable "zones" {
  description = "Availability zones of the region."
  type        = list(string)
}

variable "network_id" {
  description = "Virtual network it is in."
  type        = string
}

variable "subnet_id" {
  description = "Subnet of its nodes."
  type        = string
}

variable "private_dns_zone_id" {
  description = "Zone that the name of its control plane is in."
  type        = string
}

variable "pod_addresses" {
  description = "Overlay addresses of its pods."
  type        = string
}

variable "service_addresses" {
  description = "Addresses of its services."
  type        = string
}

variable "dns_address" {
  description = "Address of its DNS, one of its services."
  type        = string
}

variable "outbound_addresses" {
  description = "Public addresses that it calls partners from."
  type        = number
  default     = 2
}

variable "purpose_label" {
  description = "Label of nodes that says what runs on them."
  type        = string
}

variable "system_pool" {
  description = "Nodes of the cluster's own parts."
  type = object({
    name      = string
    purpose   = string
    vm_size   = string
    zones     = list(string)
    nodes_min = number
    nodes_max = number
  })
}

variable "node_pools" {
  description = "Further nodes by name, one pool per class of work."
  type = map(object({
    purpose   = string
    vm_size   = string
    zones     = list(string)
    nodes_min = number
    nodes_max = number
    taints    = list(string)
  }))

  validation {
    condition     = alltrue([for name in keys(var.node_pools) : can(regex("^[a-z][a-z0-9]{0,11}$", name))])
    error_message = "A pool has a name of at most 12 lowercase letters and digits."
  }
}

variable "maintenance_window" {
  description = "When Azure may upgrade it; null leaves that to Azure."
  type = object({
    day_of_week    = string
    start_time     = string
    utc_offset     = string
    duration_hours = number
    not_allowed = list(object({
      start = string
      end   = string
    }))
  })

  validation {
    condition     = var.maintenance_window == null || try(var.maintenance_window.duration_hours >= 4 && var.maintenance_window.duration_hours <= 24, false)
    error_message = "An upgrade window lasts 4 to 24 hours."
  }
}

variable "registry_id" {
  description = "Registry that its nodes pull images from."
  type        = string
}

variable "log_analytics_workspace_id" {
  description = "Workspace that logs go to."
  type        = string
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
