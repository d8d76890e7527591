# The loss of a machine, a zone or a process is not an outage.
package plimsoll.policies.availability

import data.plimsoll.lib.kubernetes

policies["PL0840"] := {
	"title": "Workloads of several pods survive maintenance",
	"severity": "error",
	"why": "A node upgrade may otherwise drain all of them at once.",
	"fix": "add a PodDisruptionBudget that chooses the workload's pods",
}

policies["PL0841"] := {
	"title": "Workloads of several pods are spread over zones",
	"severity": "error",
	"why": "Three pods in one zone are gone with it.",
	"fix": "add a `topologySpreadConstraints` entry with `topologyKey: topology.kubernetes.io/zone`",
}

policies["PL0842"] := {
	"title": "Pods that serve are probed",
	"severity": "error",
	"why": "A frozen process that is alive but does not answer keeps its share of the traffic.",
	"fix": "add a `readinessProbe` and a `livenessProbe` to the container that serves",
}

policies["PL0843"] := {
	"title": "A workload has one scaler",
	"severity": "error",
	"why": "KEDA makes an autoscaler of its own; two of them pull the number of pods to and fro.",
	"fix": "remove the HorizontalPodAutoscaler, and put its metric into the ScaledObject",
}

policies["PL0844"] := {
	"title": "PostgreSQL in the cluster cannot have two primaries that accept writes",
	"severity": "error",
	"why": "With the default shutdown the old primary of CloudNativePG goes on accepting writes for about three minutes after it lost its right; without a quorum a failover may choose an instance that lacks acknowledged commits.",
	"fix": "set `smartShutdownTimeout: 0`; with three instances also synchronous `method: any` and `failoverQuorum: true`",
}

policies["PL0845"] := {
	"title": "PostgreSQL in the cluster is backed up through the plugin",
	"severity": "error",
	"why": "CloudNativePG removes its built-in Barman support in 1.31: an upgrade would end the backups.",
	"fix": "use `plugins` with `barman-cloud.cloudnative-pg.io` and an ObjectStore instead of `backup.barmanObjectStore`",
}

deny_unit contains finding if {
	some workload in kubernetes.serving
	kubernetes.pods_min(workload) >= 2
	not budgeted(workload)
	finding := {"code": "PL0840", "at": workload.at, "message": sprintf("`%s` has no disruption budget", [workload.name])}
}

budgeted(workload) if {
	some budget in kubernetes.objects("PodDisruptionBudget")
	budget.namespace == workload.namespace
	kubernetes.selects(budget.object.spec.selector, workload.labels)
}

deny_unit contains finding if {
	some workload in kubernetes.serving
	kubernetes.pods_min(workload) >= 2
	keys := {constraint.topologyKey | some constraint in workload.pod.topologySpreadConstraints}
	not "topology.kubernetes.io/zone" in keys
	finding := {"code": "PL0841", "at": workload.at, "message": sprintf("the pods of `%s` may all be in one zone", [workload.name])}
}

deny_unit contains finding if {
	some workload in kubernetes.serving
	containers := [container | some container in workload.containers; not container.init; count(object.get(container.spec, "ports", [])) > 0]
	count(containers) > 0
	some probe in ["readinessProbe", "livenessProbe"]

	# Containers beside it, such as those that only tell metrics, need none.
	count([container | some container in containers; container.spec[probe]]) == 0
	finding := {"code": "PL0842", "at": workload.at, "message": sprintf("no container of `%s` has a `%s`", [workload.name, probe])}
}

deny_unit contains finding if {
	some scaler in kubernetes.objects("ScaledObject")
	some other in kubernetes.objects("HorizontalPodAutoscaler")
	other.namespace == scaler.namespace
	other.object.spec.scaleTargetRef.name == scaler.object.spec.scaleTargetRef.name
	finding := {
		"code": "PL0843",
		"at": other.at,
		"message": sprintf("`%s` is scaled by `%s` and by `%s`", [scaler.object.spec.scaleTargetRef.name, scaler.name, other.name]),
	}
}

postgres contains cluster if {
	some cluster in kubernetes.objects("Cluster")
	startswith(cluster.apiVersion, "postgresql.cnpg.io/")
}

# One instance alone has no successor.
deny_unit contains finding if {
	some cluster in postgres
	object.get(cluster.object.spec, "instances", 1) >= 2
	object.get(cluster.object.spec, "smartShutdownTimeout", 180) != 0
	finding := {"code": "PL0844", "at": cluster.at, "message": sprintf("`%s` shuts down politely, while its successor is chosen", [cluster.name])}
}

deny_unit contains finding if {
	some cluster in postgres
	object.get(cluster.object.spec, "instances", 1) >= 3
	synchronous := object.get(object.get(cluster.object.spec, "postgresql", {}), "synchronous", {})
	some problem in {text |
		some text, true in {
			"does not replicate synchronously to any of its instances": count({true | waits_for_an_instance(synchronous)}) == 0,
			"fails over without a quorum": object.get(synchronous, "failoverQuorum", false) != true,
		}
	}
	finding := {"code": "PL0844", "at": cluster.at, "message": sprintf("`%s` %s", [cluster.name, problem])}
}

waits_for_an_instance(synchronous) if synchronous.method == "any"

# Copies of other regions come first, and at least one more is waited for.
waits_for_an_instance(synchronous) if {
	synchronous.method == "first"
	synchronous.number > count(object.get(synchronous, "standbyNamesPre", []))
}

deny_unit contains finding if {
	some cluster in postgres
	cluster.object.spec.backup.barmanObjectStore
	finding := {"code": "PL0845", "at": cluster.at, "message": sprintf("`%s` uses the built-in Barman", [cluster.name])}
}
