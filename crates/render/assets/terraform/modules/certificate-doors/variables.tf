variable "resource_group_name" {
  description = "Resource group the names are in."
  type        = string
}

variable "doors" {
  description = "Doors by tenant: the name in Azure, globally unique; the host that partners know; and the regions' load balancers, the home region first."
  type = map(object({
    profile = string
    host    = string
    endpoints = map(object({
      target   = string
      priority = number
    }))
  }))

  validation {
    condition     = length(var.doors) > 0
    error_message = "Without a door there is nothing to name."
  }
}

variable "health_path" {
  description = "Path that answers 200 in the region that leads, and there alone."
  type        = string
}

variable "log_analytics_workspace_ids" {
  description = "Workspaces that logs go to, by region: each region keeps them, in case the other is lost."
  type        = map(string)
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
