# Questions about Terraform blocks that many policies ask.
package plimsoll.lib.terraform

# All resources of a type in this module; none when there is none.
resources(type) := object.get(object.get(input.terraform, "resource", {}), type, [])

# All blocks of a name in a body, written plainly or with `dynamic`.
blocks(body, name) := array.concat(
	object.get(body, name, []),
	[content |
		some block in object.get(body, "dynamic", [])
		block.labels[0] == name
		some content in block.content
	],
)

# Whether a value is computed: a variable, an attribute of something else, or text with one of these in it.
computed(value) if {
	is_string(value)
	contains(value, "${")
}

# Whether an expression names a resource of this module.
names(value, type, name) if {
	is_string(value)
	regex.match(sprintf(`\b%s\.%s\b`, [type, name]), value)
}
