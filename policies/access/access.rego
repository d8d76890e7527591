# Who may do what, for how long, and who agreed.
package plimsoll.policies.access

import data.plimsoll.lib.kubernetes
import data.plimsoll.lib.terraform

policies["PL0823"] := {
	"title": "Nobody owns a subscription through Plimsoll",
	"severity": "error",
	"why": "Whoever can give roles can give all of them, to anyone, and can delete the backups.",
	"fix": "grant a role that does what is needed, at a resource or a resource group",
}

policies["PL0824"] := {
	"title": "People's powerful roles are asked for, never standing",
	"severity": "error",
	"why": "A stolen session of a person with standing rights is a stolen estate.",
	"fix": "use `azurerm_pim_eligible_role_assignment` for groups and people whose role changes anything",
}

policies["PL0825"] := {
	"title": "Standing roles only look",
	"severity": "error",
	"why": "A role that changes things and never ends is used without a reason that anyone recorded.",
	"fix": "give the persona `just-in-time` elevation for this role",
}

policies["PL0826"] := {
	"title": "Powerful roles in production are approved, and end the same day",
	"severity": "error",
	"why": "Two people see what one would miss, and a right that ended cannot be stolen.",
	"fix": "name an approver for the persona, and at most 12 hours",
}

policies["PL0827"] := {
	"title": "Roles in the cluster name what they may do",
	"severity": "error",
	"why": "`*` includes secrets, and whatever is invented next year.",
	"fix": "list the API groups, resources and verbs, and bind no one to `cluster-admin`",
}

owning := {"Owner", "User Access Administrator", "Role Based Access Control Administrator", "Access Review Operator Service Role"}

looking := {"Reader", "Monitoring Reader", "Log Analytics Reader", "Azure Kubernetes Service RBAC Reader", "Storage Blob Data Reader", "Cost Management Reader"}

assignments := ["azurerm_role_assignment", "azurerm_pim_eligible_role_assignment", "azurerm_pim_active_role_assignment"]

# Roles are often given through variables, so that the module's callers and tables of roles are looked at too.
deny_unit contains finding if {
	some place in role_places
	walk(place.body, [_, value])
	value in owning
	finding := {"code": "PL0823", "at": place.at, "message": sprintf("the role `%s` is given", [value])}
}

role_places contains place if {
	some type in assignments
	some place in terraform.resources(type)
}

role_places contains place if {
	some block in ["locals", "module"]
	some _, places in object.get(input.terraform, block, {})
	some place in places
}

deny_unit contains finding if {
	some type in assignments
	some assignment in terraform.resources(type)
	object.get(assignment.body, "role_definition_name", "") == "Contributor"
	is_subscription(assignment.body.scope)
	finding := {"code": "PL0823", "at": assignment.at, "message": "`Contributor` is given for a whole subscription"}
}

is_subscription(scope) if regex.match(`^/subscriptions/[^/]+$`, scope)

is_subscription(scope) if regex.match(`\bdata\.azurerm_subscription\.\w+(\[[^\]]*\])?\.id\b`, scope)

is_subscription(scope) if contains(scope, "management_group")

deny_unit contains finding if {
	some assignment in terraform.resources("azurerm_role_assignment")
	assignment.body.principal_type in {"Group", "User"}
	role := assignment.body.role_definition_name
	not terraform.computed(role)
	not role in looking
	finding := {"code": "PL0824", "at": assignment.at, "message": sprintf("people have `%s` always", [role])}
}

deny_unit contains finding if {
	some assignment in terraform.resources("azurerm_pim_active_role_assignment")
	finding := {"code": "PL0824", "at": assignment.at, "message": "a role is active without being asked for"}
}

readers := {"reader", "monitoring-reader", "log-reader", "cluster-reader", "object-reader"}

grants contains {"at": sprintf("environments/%s/access/%s/%s", [environment.name, grant.persona, grant.role]), "grant": grant, "stage": environment.stage} if {
	some environment in input.blueprint.environments
	some grant in environment.access
}

deny_blueprint contains finding if {
	some entry in grants
	entry.grant.elevation == "standing"
	not entry.grant.role in readers
	finding := {"code": "PL0825", "at": entry.at, "message": sprintf("`%s` has `%s` always", [entry.grant.persona, entry.grant.role])}
}

deny_blueprint contains finding if {
	some entry in grants
	entry.stage in {"production", "recovery"}
	not entry.grant.role in readers
	elevation := entry.grant.elevation["just-in-time"]
	some problem in {text |
		some text, true in {
			"without anybody's approval": unapproved(entry.grant.persona, elevation),
			"for more than 12 hours": plimsoll.seconds(elevation.duration_max) > 43200,
		}
	}
	finding := {"code": "PL0826", "at": entry.at, "message": sprintf("`%s` gets `%s` %s", [entry.grant.persona, entry.grant.role, problem])}
}

# Who may authorise a failover approves for the others, and asks nobody when a region is gone; it is recorded.
unapproved(persona, elevation) if {
	persona != "recovery-authority"
	object.get(elevation, "approved_by", null) == null
} else := false

deny_unit contains finding if {
	some kind in ["Role", "ClusterRole"]
	some role in kubernetes.objects(kind)
	some rule in role.object.rules
	some field in ["apiGroups", "resources", "verbs"]
	"*" in object.get(rule, field, [])
	finding := {"code": "PL0827", "at": role.at, "message": sprintf("`%s` has `*` in `%s`", [role.name, field])}
}

deny_unit contains finding if {
	some kind in ["RoleBinding", "ClusterRoleBinding"]
	some binding in kubernetes.objects(kind)
	binding.object.roleRef.name == "cluster-admin"
	finding := {"code": "PL0827", "at": binding.at, "message": sprintf("`%s` binds `cluster-admin`", [binding.name])}
}
