variable "name" {
  description = "Name of the Log Analytics workspace."
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

variable "subscription_id" {
  description = "Subscription whose activity is recorded."
  type        = string
}

variable "retention_days" {
  description = "Days that logs can be searched."
  type        = number

  validation {
    condition     = var.retention_days >= 30 && var.retention_days <= 730
    error_message = "A workspace keeps logs for 30 to 730 days."
  }
}

variable "audit_retention_days" {
  description = "Days that audit logs are kept, archived after the others are gone."
  type        = number

  validation {
    condition     = var.audit_retention_days >= var.retention_days && var.audit_retention_days <= 4383
    error_message = "Audit logs are kept at least as long as the others and at most 4383 days."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
