# One tenant, stamp or environment does not harm another.
package plimsoll.policies.isolation

import data.plimsoll.lib.kubernetes

policies["PL0830"] := {
	"title": "Containers say what they need and what they may take",
	"severity": "error",
	"why": "One container without a limit takes the memory of every tenant on its node; one without a request is the first to be ended.",
	"fix": "set requests of `cpu` and `memory`, and a limit of `memory`",
}

policies["PL0831"] := {
	"title": "Namespaces deny traffic that nobody allowed",
	"severity": "error",
	"why": "Without a default, every pod reaches every other, and the internet: one tenant's breach is everybody's.",
	"fix": "add a NetworkPolicy that chooses all pods, has both policy types, and allows nothing",
}

policies["PL0832"] := {
	"title": "Namespaces enforce a pod security level, and ours the restricted one",
	"severity": "error",
	"why": "These rules see what is rendered; the cluster must also refuse what somebody applies by hand.",
	"fix": "label the namespace `pod-security.kubernetes.io/enforce: restricted`; where an operator needs more, write the level that it needs",
}

policies["PL0833"] := {
	"title": "Tenants of their own have a stamp of their own",
	"severity": "error",
	"why": "A dedicated stamp was promised to one tenant, for its load or for its data.",
	"fix": "give the second tenant a stamp of its own, or make the stamp shared",
}

policies["PL0834"] := {
	"title": "Tenants share neither database nor role",
	"severity": "error",
	"why": "A role that opens two databases opens one tenant's data to the other's addons.",
	"fix": "give each tenant a database and a role of its own",
}

policies["PL0835"] := {
	"title": "Networks do not overlap",
	"severity": "error",
	"why": "Traffic for one of them would go to the other; peering and site links with overlapping addresses do not come up.",
	"fix": "choose an `address_space` that no other region or site uses",
}

deny_unit contains finding if {
	some workload in input.workloads
	some container in workload.containers
	resources := object.get(container.spec, "resources", {})
	some kind, names in {"requests": ["cpu", "memory"], "limits": ["memory"]}
	some name in names
	object.get(object.get(resources, kind, {}), name, null) == null
	finding := {"code": "PL0830", "at": container.at, "message": sprintf("the container `%s` has no `%s` of `%s`", [container.name, kind, name])}
}

deny_unit contains finding if {
	some workload in input.workloads
	not denied(workload.namespace)
	finding := {
		"code": "PL0831",
		"at": workload.at,
		"message": sprintf("`%s` runs in the namespace `%s`, which does not deny by default", [workload.name, workload.namespace]),
	}
}

denied(namespace) if {
	some policy in kubernetes.objects("NetworkPolicy")
	policy.namespace == namespace
	spec := policy.object.spec
	object.get(spec, "podSelector", null) == {}
	count({"Ingress", "Egress"} - {type | some type in spec.policyTypes}) == 0
	count(object.get(spec, "ingress", [])) == 0
	count(object.get(spec, "egress", [])) == 0
}

# Namespaces of this unit in which something of ours runs.
inhabited contains workload.namespace if some workload in input.workloads

deny_unit contains finding if {
	some namespace in kubernetes.objects("Namespace")
	labels := object.get(namespace.object.metadata, "labels", {})
	level := object.get(labels, "pod-security.kubernetes.io/enforce", "nothing")
	not level in levels(namespace.name)
	finding := {"code": "PL0832", "at": namespace.at, "message": sprintf("the namespace `%s` enforces %s", [namespace.name, level])}
}

levels(namespace) := {"restricted"} if namespace in inhabited

levels(namespace) := {"restricted", "baseline", "privileged"} if not namespace in inhabited

stamps contains {"environment": environment.name, "stamp": stamp} if {
	some environment in input.blueprint.environments
	some stamp in environment.stamps
}

deny_blueprint contains finding if {
	some entry in stamps
	entry.stamp.tenancy != "shared"
	count(entry.stamp.tenants) > 1
	finding := {
		"code": "PL0833",
		"at": sprintf("environments/%s/stamps/%s", [entry.environment, entry.stamp.name]),
		"message": sprintf("the stamp `%s` is %s and has %d tenants", [entry.stamp.name, entry.stamp.tenancy, count(entry.stamp.tenants)]),
	}
}

deny_blueprint contains finding if {
	some entry in stamps
	some what in ["database", "role"]
	names := [tenant[what] | some tenant in entry.stamp.tenants]

	# Stamps with many tenants are not compared one by one unless there is something to find.
	count(names) != count({name | some name in names})
	some name in names
	count([same | some same in names; same == name]) > 1
	finding := {
		"code": "PL0834",
		"at": sprintf("environments/%s/stamps/%s", [entry.environment, entry.stamp.name]),
		"message": sprintf("several tenants of `%s` have the %s `%s`", [entry.stamp.name, what, name]),
	}
}

# Every network that can reach another one, by where it is written.
networks[at] := region.network.addresses if {
	some environment in input.blueprint.environments
	some region in environment.regions
	at := sprintf("environments/%s/regions/%s/network", [environment.name, region.name])
}

site_networks[name] contains address if {
	some environment in input.blueprint.environments
	some stamp in environment.stamps
	some site in stamp.sites
	some address in site.addresses
	name := site.name
}

deny_blueprint contains finding if {
	some one, address in networks
	some other, second in networks
	one < other
	net.cidr_intersects(address, second)
	finding := {"code": "PL0835", "at": one, "message": sprintf("%s overlaps %s of %s", [address, second, other])}
}

deny_blueprint contains finding if {
	some at, address in networks
	some site, addresses in site_networks
	some second in addresses
	net.cidr_intersects(address, second)
	finding := {"code": "PL0835", "at": at, "message": sprintf("%s overlaps %s of the site `%s`", [address, second, site])}
}
