variable "name" {
  description = "Name of the environment, as part of names."
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

variable "resource_group_scopes" {
  description = "Ids of the resource groups that the clusters and databases are in."
  type        = list(string)
}

variable "cluster_ids" {
  description = "Clusters that are stopped."
  type        = list(string)
}

variable "database_ids" {
  description = "Flexible Servers that are stopped, after the clusters."
  type        = list(string)
}

variable "start_time" {
  description = "When they start, as HH:MM."
  type        = string
}

variable "start_days" {
  description = "Days that they start on, such as Monday."
  type        = set(string)
}

variable "stop_time" {
  description = "When they stop, as HH:MM."
  type        = string
}

variable "stop_days" {
  description = "Days that they stop on."
  type        = set(string)
}

variable "time_zone" {
  description = "Time zone of both times, such as Etc/UTC."
  type        = string
}

variable "first_day" {
  description = "First day that the schedule holds, as YYYY-MM-DD. In the future at the first apply, and for that only."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", var.first_day))
    error_message = "A day is written YYYY-MM-DD."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
