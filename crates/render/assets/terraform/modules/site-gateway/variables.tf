variable "name" {
  description = "Name of the gateway."
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

variable "kind" {
  description = "How sites connect: vpn or express-route."
  type        = string

  validation {
    condition     = contains(["vpn", "express-route"], var.kind)
    error_message = "A gateway is for vpn or express-route."
  }
}

variable "sku" {
  description = "Size, such as VpnGw2AZ or ErGw1AZ."
  type        = string
}

variable "zones" {
  description = "Availability zones of the region."
  type        = list(string)
}

variable "subnet_id" {
  description = "The subnet that Azure calls GatewaySubnet."
  type        = string
}

variable "connections" {
  description = "Sites behind it, by name of the connection."
  type = map(object({
    site      = string
    remote    = optional(string)
    addresses = list(string)
    secret    = string
  }))
}

variable "secrets" {
  description = "Pre-shared keys of VPNs and authorisations of circuits, by their name in the vault."
  type        = map(string)
  sensitive   = true
}

variable "circuit_ids" {
  description = "Ids of the ExpressRoute circuits by site. Providers make them, so they are not made here."
  type        = map(string)
  default     = {}
}

variable "log_analytics_workspace_id" {
  description = "Workspace that logs go to."
  type        = string
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
