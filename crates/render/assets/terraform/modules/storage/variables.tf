variable "name" {
  description = "Name of the account: 3 to 24 lowercase letters and digits; globally unique."
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

variable "redundancy" {
  description = "Copies: ZRS, or LRS where the region has no zones; GZRS or GRS for backups where no other region of ours may hold them."
  type        = string

  validation {
    condition     = contains(["GRS", "GZRS", "LRS", "ZRS"], var.redundancy)
    error_message = "Redundancy is LRS, ZRS, GRS or GZRS."
  }
}

variable "versioning" {
  description = "Whether old versions are kept. Immutability and replication need it."
  type        = bool
}

variable "change_feed" {
  description = "Whether changes are recorded. Replication needs it."
  type        = bool
}

variable "soft_delete_days" {
  description = "Days that deleted objects, containers and old versions are kept."
  type        = number

  validation {
    condition     = var.soft_delete_days >= 1 && var.soft_delete_days <= 365
    error_message = "Deleted objects are kept for 1 to 365 days."
  }
}

variable "immutability" {
  description = "Nobody can change or delete an object for this many days; once locked, nobody can shorten it."
  type = object({
    days   = number
    locked = bool
  })
  default = null

  validation {
    condition     = var.immutability == null || var.versioning
    error_message = "Immutability is per version and needs versioning."
  }
}

variable "containers" {
  description = "Containers by name, with what is in them and whose it is."
  type = map(object({
    metadata = map(string)
  }))
}

variable "lifecycle_rules" {
  description = "What becomes cheaper or goes when it is old, by name of the rule."
  type = map(object({
    containers        = list(string)
    cool_after_days   = optional(number)
    delete_after_days = optional(number)
  }))

  validation {
    condition     = length(var.lifecycle_rules) < 100 && alltrue([for rule in values(var.lifecycle_rules) : length(rule.containers) <= 10])
    error_message = "Azure takes 100 rules of 10 prefixes."
  }
}

variable "replication" {
  description = "The account that objects are copied from, and its containers: names here by names there. Null for none."
  type = object({
    source_account_id = string
    containers        = map(string)
  })
  default = null

  validation {
    condition     = var.replication == null || var.versioning
    error_message = "Replication needs versioning on both sides."
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
