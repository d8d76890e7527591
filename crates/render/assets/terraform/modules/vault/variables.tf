variable "name" {
  description = "Name of the vault; globally unique."
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

variable "soft_delete_days" {
  description = "Days in which a deleted vault or secret can be had back."
  type        = number

  validation {
    condition     = var.soft_delete_days >= 7 && var.soft_delete_days <= 90
    error_message = "Azure keeps deleted secrets for 7 to 90 days."
  }
}

variable "private_endpoint" {
  description = "Subnet of its private endpoint, and the private DNS zone that it is found in."
  type = object({
    subnet_id = string
    zone_id   = string
  })
}

variable "log_analytics_workspace_id" {
  description = "Workspace that logs go to."
  type        = string
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
