variable "name" {
  description = "Name of the server; globally unique."
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

variable "postgres_version" {
  description = "Major version of PostgreSQL."
  type        = string
}

variable "sku_name" {
  description = "Size, such as GP_Standard_D4ds_v5."
  type        = string
}

variable "storage_mb" {
  description = "Disk in MiB. It grows by itself and never shrinks."
  type        = number
}

variable "zone" {
  description = "Availability zone it is made in; null where the region has none."
  type        = string
}

variable "high_availability" {
  description = "A standby in the same region; null for none."
  type = object({
    mode         = string
    standby_zone = optional(string)
  })

  validation {
    condition     = var.high_availability == null || try(contains(["SameZone", "ZoneRedundant"], var.high_availability.mode), false)
    error_message = "The mode is SameZone or ZoneRedundant."
  }
}

variable "source_server_id" {
  description = "The server it replicates; null for a primary."
  type        = string
  default     = null
}

variable "virtual_endpoint" {
  description = "Name of the endpoint that follows the primary; set it on the replica, which is made last."
  type        = string
  default     = null

  validation {
    condition     = var.virtual_endpoint == null || var.source_server_id != null
    error_message = "A virtual endpoint joins a replica with its primary; set source_server_id too."
  }
}

variable "reporting_replicas" {
  description = "Names of read-only copies in the same region."
  type        = set(string)
  default     = []
}

variable "subnet_id" {
  description = "Subnet that is delegated to Flexible Servers."
  type        = string
}

variable "private_dns_zone_id" {
  description = "Zone that its name is in."
  type        = string
}

variable "backup_days" {
  description = "Days of point-in-time recovery."
  type        = number

  validation {
    condition     = var.backup_days >= 7 && var.backup_days <= 35
    error_message = "Point-in-time recovery reaches back 7 to 35 days."
  }
}

variable "geo_backup" {
  description = "Whether Azure keeps backups in the paired region too. Can only be chosen at creation."
  type        = bool
}

variable "maintenance" {
  description = "Weekly hour in UTC in which Azure may restart it; 0 is Sunday."
  type = object({
    day_of_week = number
    hour        = number
  })
}

variable "parameters" {
  description = "Parameters of PostgreSQL."
  type        = map(string)
}

variable "administrator" {
  description = "Login that makes the databases of tenants, and the version of its password: count up to set a new one."
  type = object({
    login            = string
    password_version = number
  })
}

variable "administrator_password" {
  description = "Password of that login, from the vault; null for a replica. It is written, never stored in the state."
  type        = string
  sensitive   = true
  default     = null
}

variable "directory_administrators" {
  description = "Entra groups that may administer it: object ids by name."
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
