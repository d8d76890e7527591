variable "name" {
  description = "Name of the registry, without its domain; globally unique."
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

variable "zone_redundant" {
  description = "Whether its location has availability zones."
  type        = bool
}

variable "replicas" {
  description = "Further locations it is copied to, in alphabetical order."
  type = list(object({
    location       = string
    zone_redundant = bool
  }))
}

variable "untagged_days" {
  description = "Days after which images without a tag are deleted."
  type        = number
}

variable "log_analytics_workspace_id" {
  description = "Workspace that logs go to."
  type        = string
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
