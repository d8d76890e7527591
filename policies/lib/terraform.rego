# Questions about Terraform blocks that many policies ask.
package plimsoll.lib.terraform

# All blocks of a resource type; none when there is none.
resources(type) := object.get(input.terraform, ["resource", type], [])
