package plimsoll.policies.pods_test

import data.plimsoll.policies.pods

good_container := {
	"name": "c",
	"securityContext": {
		"allowPrivilegeEscalation": false,
		"readOnlyRootFilesystem": true,
		"runAsNonRoot": true,
		"seccompProfile": {"type": "RuntimeDefault"},
		"capabilities": {"drop": ["ALL"]},
	},
}

good_pod := {"serviceAccountName": "odoo", "automountServiceAccountToken": false}

found(pod, container) := codes if {
	spec := object.union(object.union(good_pod, pod), {"containers": [object.union(good_container, container)]})
	object_text := json.marshal({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
	findings := pods.deny_unit with input as plimsoll.tree({"p.yaml": object_text})
	codes := {finding.code | some finding in findings}
}

context(changes) := {"securityContext": changes}

test_a_pod_that_may_nothing_is_fine if found({}, {}) == set()

test_no_privileges if {
	found({}, context({"privileged": true})) == {"PL0815"}
	found({}, context({"allowPrivilegeEscalation": true})) == {"PL0815"}
}

test_nothing_of_the_node if {
	found({"hostNetwork": true}, {}) == {"PL0816"}
	found({"hostPID": true}, {}) == {"PL0816"}
	found({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, {}) == {"PL0816"}
	found({"volumes": [{"name": "v", "emptyDir": {}}]}, {}) == set()
	found({}, {"ports": [{"containerPort": 1, "hostPort": 1}]}) == {"PL0816"}
}

test_no_root if {
	found({}, context({"runAsNonRoot": false})) == {"PL0817"}
	found({}, context({"runAsUser": 0})) == {"PL0817"}
	found({"securityContext": {"runAsUser": 0}}, {}) == {"PL0817"}
}

test_files_stay_as_they_are if found({}, context({"readOnlyRootFilesystem": false})) == {"PL0818"}

test_no_capabilities if {
	found({}, context({"capabilities": {"drop": []}})) == {"PL0819"}
	found({}, context({"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}})) == {"PL0819"}
}

test_a_seccomp_profile if {
	found({}, context({"seccompProfile": {"type": "Unconfined"}})) == {"PL0820"}
	found({}, context({"seccompProfile": {"type": "Localhost", "localhostProfile": "odoo.json"}})) == set()
}

test_an_account_of_its_own if {
	found({"serviceAccountName": "default"}, {}) == {"PL0821"}
	found({"automountServiceAccountToken": null}, {}) == {"PL0821"}
	found({"automountServiceAccountToken": true}, {}) == set()
}
