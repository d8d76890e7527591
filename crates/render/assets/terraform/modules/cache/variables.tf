variable "name" {
  description = "Name of the cache; globally unique."
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

variable "sku_name" {
  description = "Size, such as Balanced_B3."
  type        = string
}

variable "high_availability" {
  description = "Whether a second copy takes over."
  type        = bool
}

variable "persistence" {
  description = "What survives a restart: none, snapshot (up to an hour is lost) or append-only (a second)."
  type        = string

  validation {
    condition     = contains(["none", "snapshot", "append-only"], var.persistence)
    error_message = "Persistence is none, snapshot or append-only."
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
