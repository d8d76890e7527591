package plimsoll.policies.access_test

import data.plimsoll.policies.access

found(files) := codes if {
	findings := access.deny_unit with input as plimsoll.tree(files)
	codes := {finding.code | some finding in findings}
}

assignment(role, scope, principal) := {"m.tf": sprintf("resource \"azurerm_role_assignment\" \"a\" {\n  role_definition_name = %s\n  scope = %s\n  principal_type = \"%s\"\n}\n", [role, scope, principal])}

test_nobody_owns if {
	found(assignment(`"Reader"`, `"/subscriptions/1"`, "Group")) == set()
	found(assignment(`"Owner"`, "var.scope", "ServicePrincipal")) == {"PL0823"}
	found(assignment(`"Contributor"`, "azurerm_resource_group.a.id", "ServicePrincipal")) == set()
	every scope in [`"/subscriptions/1"`, "data.azurerm_subscription.current.id", "data.azurerm_management_group.root.id"] {
		found(assignment(`"Contributor"`, scope, "ServicePrincipal")) == {"PL0823"}
	}
	found({"m.tf": "locals {\n  roles = [\"Owner\"]\n}\n"}) == {"PL0823"}
	found({"m.tf": "module \"access\" {\n  roles = { a = { role = \"User Access Administrator\" } }\n}\n"}) == {"PL0823"}
}

test_people_ask if {
	found(assignment(`"Key Vault Secrets Officer"`, "var.scope", "Group")) == {"PL0824"}
	found(assignment("each.value.role", "var.scope", "Group")) == set()
	found({"m.tf": "resource \"azurerm_pim_active_role_assignment\" \"a\" {\n}\n"}) == {"PL0824"}
	found({"m.tf": "resource \"azurerm_pim_eligible_role_assignment\" \"a\" {\n}\n"}) == set()
}

judged(grant, stage) := codes if {
	environment := {"name": "e", "stage": stage, "access": [object.union({"persona": "operator"}, grant)]}
	findings := access.deny_blueprint with input as {"blueprint": {"environments": [environment]}}
	codes := {finding.code | some finding in findings}
}

asked(hours, by) := {"role": "cluster-admin", "elevation": {"just-in-time": {"duration_max": hours, "approved_by": by}}}

test_the_plan if {
	judged({"role": "reader", "elevation": "standing"}, "production") == set()
	judged({"role": "cluster-admin", "elevation": "standing"}, "test") == {"PL0825"}
	judged(asked("4h", "auditor"), "production") == set()
	judged(asked("4h", null), "production") == {"PL0826"}
	judged(object.union(asked("4h", null), {"persona": "recovery-authority"}), "production") == set()
	judged(asked("2d", "auditor"), "recovery") == {"PL0826"}
	judged(asked("2d", null), "test") == set()
}

test_roles_in_the_cluster if {
	role := "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}, rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]}"
	found({"r.yaml": role}) == set()
	found({"r.yaml": replace(role, "pods", "'*'")}) == {"PL0827"}
	found({"b.yaml": "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: b}, roleRef: {name: cluster-admin}}"}) == {"PL0827"}
}
