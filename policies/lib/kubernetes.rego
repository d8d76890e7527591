# Questions about Kubernetes objects that many policies ask.
package plimsoll.lib.kubernetes

# All objects of a kind; none when there is none.
objects(kind) := object.get(input.kubernetes, kind, [])

# Whether a label selector chooses an object with these labels. One without conditions chooses everything.
selects(selector, labels) if {
	every key, value in object.get(selector, "matchLabels", {}) {
		object.get(labels, key, null) == value
	}
	every condition in object.get(selector, "matchExpressions", []) {
		holds(condition, labels)
	}
}

holds(condition, labels) if {
	condition.operator == "In"
	object.get(labels, condition.key, null) in condition.values
}

holds(condition, labels) if {
	condition.operator == "NotIn"
	not object.get(labels, condition.key, null) in condition.values
}

holds(condition, labels) if {
	condition.operator == "Exists"
	object.get(labels, condition.key, null) != null
}

holds(condition, labels) if {
	condition.operator == "DoesNotExist"
	object.get(labels, condition.key, null) == null
}

# Workloads whose pods go on forever, so that losing one of them is an outage.
serving contains workload if {
	some workload in input.workloads
	workload.kind in {"Deployment", "StatefulSet"}
}

# The fewest pods of a workload, its scaler taken into account.
pods_min(workload) := count if {
	counts := [scaler.object.spec.minReplicaCount |
		some scaler in objects("ScaledObject")
		scales(scaler, workload)
	]
	count := max(array.concat([workload.replicas], counts))
}

# Whether a scaler is about a workload.
scales(scaler, workload) if {
	scaler.namespace == workload.namespace
	scaler.object.spec.scaleTargetRef.name == workload.name
	object.get(scaler.object.spec.scaleTargetRef, "kind", "Deployment") == workload.kind
}
