package plimsoll.policies.availability_test

import data.plimsoll.policies.availability

budget := "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web, namespace: erp}, spec: {selector: {matchLabels: {app: web}}}}"

web(replicas, pod) := sprintf("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: erp}, spec: {replicas: %d, template: {metadata: {labels: {app: web}}, spec: %s}}}", [replicas, pod])

spread := "{containers: [], topologySpreadConstraints: [{topologyKey: topology.kubernetes.io/zone}]}"

scaler := "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: web, namespace: erp}, spec: {minReplicaCount: 3, scaleTargetRef: {name: web}}}"

found(files) := codes if {
	findings := availability.deny_unit with input as plimsoll.tree(files)
	codes := {finding.code | some finding in findings}
}

test_one_pod_needs_no_budget if found({"w.yaml": web(1, "{containers: []}")}) == set()

test_several_need_budget_and_spread if {
	found({"w.yaml": web(2, spread), "b.yaml": budget}) == set()
	found({"w.yaml": web(2, spread)}) == {"PL0840"}
	found({"w.yaml": web(2, spread), "b.yaml": replace(budget, "app: web", "app: live")}) == {"PL0840"}
	found({"w.yaml": web(2, "{containers: []}"), "b.yaml": budget}) == {"PL0841"}
}

test_a_scaler_makes_several if found({"w.yaml": web(1, spread), "s.yaml": scaler}) == {"PL0840"}

test_expressions_choose_too if {
	every expression, codes in {
		"{key: app, operator: In, values: [web]}": set(),
		"{key: app, operator: NotIn, values: [live]}": set(),
		"{key: app, operator: Exists}": set(),
		"{key: app, operator: DoesNotExist}": {"PL0840"},
	} {
		chosen := replace(budget, "{matchLabels: {app: web}}", sprintf("{matchExpressions: [%s]}", [expression]))
		found({"w.yaml": web(2, spread), "b.yaml": chosen}) == codes
	}
}

test_what_serves_is_probed if {
	found({"w.yaml": web(1, "{containers: [{name: c, ports: [{containerPort: 80}]}]}")}) == {"PL0842"}
	found({"w.yaml": web(1, "{containers: [{name: c, ports: [{containerPort: 80}], readinessProbe: {tcpSocket: {port: 80}}, livenessProbe: {tcpSocket: {port: 80}}}, {name: metrics, ports: [{containerPort: 9100}]}]}")}) == set()
}

test_one_scaler if {
	other := "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h, namespace: erp}, spec: {scaleTargetRef: {name: web}}}"
	found({"s.yaml": scaler, "h.yaml": other}) == {"PL0843"}
}

cluster(spec) := sprintf("{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: db, namespace: erp}, spec: %s}", [spec])

test_no_two_primaries if {
	found({"c.yaml": cluster("{instances: 1}")}) == set()
	found({"c.yaml": cluster("{instances: 2, smartShutdownTimeout: 0}")}) == set()
	found({"c.yaml": cluster("{instances: 2}")}) == {"PL0844"}
	found({"c.yaml": cluster("{instances: 3, smartShutdownTimeout: 0}")}) == {"PL0844"}
	found({"c.yaml": cluster("{instances: 3, smartShutdownTimeout: 0, postgresql: {synchronous: {method: any, number: 1, failoverQuorum: true}}}")}) == set()
}

test_the_plugin if found({"c.yaml": cluster("{instances: 1, smartShutdownTimeout: 0, backup: {barmanObjectStore: {}}}")}) == {"PL0845"}
