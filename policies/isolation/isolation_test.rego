package plimsoll.policies.isolation_test

import data.plimsoll.policies.isolation

deny_all := "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: d, namespace: erp}, spec: {podSelector: {}, policyTypes: [Ingress, Egress]}}"

pod(resources) := sprintf("{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: erp}, spec: {containers: [{name: c, resources: %s}]}}", [resources])

enough := "{requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}"

found(files) := codes if {
	findings := isolation.deny_unit with input as plimsoll.tree(files)
	codes := {finding.code | some finding in findings}
}

test_a_limited_pod_in_a_closed_namespace_is_fine if found({"p.yaml": pod(enough), "n.yaml": deny_all}) == set()

test_limits_and_requests if {
	found({"p.yaml": pod("{limits: {memory: 1Gi}}"), "n.yaml": deny_all}) == {"PL0830"}
	found({"p.yaml": pod("{requests: {cpu: 1, memory: 1Gi}}"), "n.yaml": deny_all}) == {"PL0830"}
}

test_a_namespace_that_is_open if {
	found({"p.yaml": pod(enough)}) == {"PL0831"}
	found({"p.yaml": pod(enough), "n.yaml": replace(deny_all, "namespace: erp", "namespace: other")}) == {"PL0831"}
	found({"p.yaml": pod(enough), "n.yaml": replace(deny_all, "Ingress, ", "")}) == {"PL0831"}
}

level(name) := sprintf("{apiVersion: v1, kind: Namespace, metadata: {name: erp, labels: {pod-security.kubernetes.io/enforce: %s}}}", [name])

test_the_level_of_a_namespace if {
	found({"n.yaml": "{apiVersion: v1, kind: Namespace, metadata: {name: erp}}"}) == {"PL0832"}
	found({"n.yaml": level("privileged")}) == set()
	found({"n.yaml": level("restricted"), "p.yaml": pod(enough), "d.yaml": deny_all}) == set()
	found({"n.yaml": level("baseline"), "p.yaml": pod(enough), "d.yaml": deny_all}) == {"PL0832"}
}

blueprint(stamp, networks) := {"blueprint": {"environments": [{
	"name": "production",
	"stamps": [object.union({"name": "erp", "tenancy": "shared", "tenants": [], "sites": []}, stamp)],
	"regions": [{"name": sprintf("r%d", [index]), "network": {"addresses": network}} | some index, network in networks],
}]}}

judged(stamp, networks) := codes if {
	findings := isolation.deny_blueprint with input as blueprint(stamp, networks)
	codes := {finding.code | some finding in findings}
}

two(second) := {"tenants": [{"name": "a", "database": "a", "role": "a"}, object.union({"name": "b", "database": "b", "role": "b"}, second)]}

test_tenants if {
	judged(two({}), []) == set()
	judged(object.union(two({}), {"tenancy": "dedicated"}), []) == {"PL0833"}
	judged(two({"database": "a"}), []) == {"PL0834"}
	judged(two({"role": "a"}), []) == {"PL0834"}
}

test_networks if {
	judged({}, ["10.0.0.0/16", "10.1.0.0/16"]) == set()
	judged({}, ["10.0.0.0/16", "10.0.128.0/17"]) == {"PL0835"}
	judged({"sites": [{"name": "s", "addresses": ["10.0.9.0/24"]}]}, ["10.0.0.0/16"]) == {"PL0835"}
	judged({"sites": [{"name": "s", "addresses": ["192.168.9.0/24"]}]}, ["10.0.0.0/16"]) == set()
}
