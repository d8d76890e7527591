variable "name" {
  description = "Name of the front door; globally unique."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group it is in."
  type        = string
}

variable "location" {
  description = "Azure location of its identity; the front door itself is everywhere."
  type        = string
}

variable "domains" {
  description = "Domains it answers for, by a name for Azure; a wildcard is written *.example.com."
  type        = map(string)

  validation {
    condition     = length(var.domains) > 0
    error_message = "Without a domain nobody gets in."
  }
}

variable "wildcard_certificate_ids" {
  description = "Versionless ids of the certificates of wildcard domains in a vault, by domain."
  type        = map(string)
}

variable "certificate_vault_id" {
  description = "Vault that those certificates are in."
  type        = string
}

variable "dns_zone_id" {
  description = "Public DNS zone in Azure that proves the domains are ours; null where DNS is elsewhere."
  type        = string
  default     = null
}

variable "tls_minimum_version" {
  description = "Oldest TLS version: TLS12 or TLS13."
  type        = string

  validation {
    condition     = contains(["TLS12", "TLS13"], var.tls_minimum_version)
    error_message = "The oldest version is TLS12 or TLS13."
  }
}

variable "origins" {
  description = "Regions that serve or may serve. The priority and whether one is enabled hold for the first apply only."
  type = map(object({
    host                    = string
    location                = string
    private_link_service_id = string
    serves_for              = string
    priority                = number
    enabled                 = bool
  }))
}

variable "default_region" {
  description = "Active region that everything goes to that is not said to go elsewhere."
  type        = string

  validation {
    condition     = contains([for origin in values(var.origins) : origin.serves_for], var.default_region)
    error_message = "No origin serves for the default region."
  }
}

variable "hosts_elsewhere" {
  description = "Hosts of tenants that live in another active region, by that region."
  type        = map(list(string))
}

variable "health_path" {
  description = "Path that answers 200 while the region's ingress does."
  type        = string
}

variable "response_timeout_seconds" {
  description = "A region begins to answer within this time; the longest of the paths, the ingress has each path's own."
  type        = number

  validation {
    condition     = var.response_timeout_seconds >= 16 && var.response_timeout_seconds <= 240
    error_message = "Azure waits for 16 to 240 seconds."
  }
}

variable "sticky" {
  description = "Whether a person stays with one region's process while it lives."
  type        = bool
}

variable "paths" {
  description = "The paths of people (public), administrators (admin) and partners (integration)."
  type = map(object({
    prefixes            = list(string)
    requests_per_minute = number
    allow               = list(string)
  }))

  validation {
    condition     = length(setsubtract(keys(var.paths), ["admin", "integration", "public"])) == 0
    error_message = "Paths are admin, integration and public."
  }

  validation {
    condition     = alltrue([for path in values(var.paths) : path.requests_per_minute >= 10])
    error_message = "Azure limits to 10 requests per minute at least."
  }
}

variable "never_served" {
  description = "URL prefixes that nobody gets, from anywhere."
  type        = list(string)
}

variable "waf_mode" {
  description = "Prevention refuses, Detection only tells."
  type        = string

  validation {
    condition     = contains(["Detection", "Prevention"], var.waf_mode)
    error_message = "The mode is Detection or Prevention."
  }
}

variable "response_headers" {
  description = "Headers of every answer."
  type        = map(string)
}

variable "log_analytics_workspace_ids" {
  description = "Workspaces that logs go to, by region: each region keeps them, in case the other is lost."
  type        = map(string)
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
