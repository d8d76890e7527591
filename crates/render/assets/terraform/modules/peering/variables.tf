variable "local" {
  description = "This region's network, and the zones that the partner resolves too."
  type = object({
    name                = string
    resource_group_name = string
    id                  = string
    shared_zone_ids     = map(string)
  })
}

variable "remote" {
  description = "The partner's network, and the zones that this region resolves too."
  type = object({
    name                = string
    resource_group_name = string
    id                  = string
    shared_zone_ids     = map(string)
  })
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
