variable "name" {
  description = "Name of what it leads to."
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

variable "resource_id" {
  description = "What it leads to."
  type        = string
}

variable "subresource" {
  description = "Which part of it, such as blob or registry."
  type        = string
}

variable "private_endpoint" {
  description = "Subnet of its private endpoint, and the private DNS zone that it is found in."
  type = object({
    subnet_id = string
    zone_id   = string
  })
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
