# How Odoo must be run, so that a failover does not become a second disaster.
package plimsoll.policies.odoo

import data.plimsoll.lib.kubernetes

policies["PL0895"] := {
	"title": "Odoo opens the databases it was made for, and lists none",
	"severity": "error",
	"why": "Scheduled jobs ignore the filter of databases: without `db_name` they run on every database the role owns, restored copies included. A wrong address otherwise shows a form that makes a new, empty ERP.",
	"fix": "set `db_name`, `list_db = False`, and `proxy_mode = True` in every `odoo.conf`; only in a namespace of a shared stamp our launcher sets the database for each request and job",
}

policies["PL0896"] := {
	"title": "Odoo runs in processes, not in threads",
	"severity": "error",
	"why": "Threaded scheduling dies silently when the database goes, and a threaded stop cuts requests off after a second.",
	"fix": "set `workers` to at least 1",
}

policies["PL0897"] := {
	"title": "Roles of tenants make no databases and no roles",
	"severity": "error",
	"why": "With the right to create databases a wrong address makes a new, empty, healthy-looking ERP within seconds.",
	"fix": "leave `createdb`, `createrole` and `superuser` away from every role that is not an administrator's",
}

policies["PL0898"] := {
	"title": "There is at most one scheduler of a stamp in a cluster",
	"severity": "error",
	"why": "A rolling update runs the old one and the new one together, and both invoice.",
	"fix": "give the scheduler at most one replica and `strategy: {type: Recreate}`",
}

# Configuration as the program reads it: files of their own, and those inside ConfigMaps.
configurations contains {"at": file.path, "namespace": "", "options": options} if {
	some file in input.files
	endswith(file.path, "odoo.conf")
	options := plimsoll.ini(file.text).options
}

configurations contains {"at": map.at, "namespace": map.namespace, "options": options} if {
	some map in kubernetes.objects("ConfigMap")
	some name, text in map.object.data
	endswith(name, "odoo.conf")
	options := plimsoll.ini(text).options
}

# Namespaces whose processes serve many tenants.
shared contains namespace.name if {
	some namespace in kubernetes.objects("Namespace")
	namespace.object.metadata.labels["plimsoll.io/tenancy"] == "shared"
}

deny_unit contains finding if {
	some configuration in configurations
	some key, accepted in {"list_db": {"false"}, "proxy_mode": {"true"}}
	value := object.get(configuration.options, key, "")
	not lower(value) in accepted
	finding := {"code": "PL0895", "at": configuration.at, "message": sprintf("`%s` is `%s`", [key, value])}
}

deny_unit contains finding if {
	some configuration in configurations
	not configuration.namespace in shared
	object.get(configuration.options, "db_name", "False") in {"", "False", "false"}
	finding := {"code": "PL0895", "at": configuration.at, "message": "`db_name` is not set"}
}

deny_unit contains finding if {
	some configuration in configurations
	workers := object.get(configuration.options, "workers", "0")
	not regex.match(`^[1-9][0-9]*$`, workers)
	finding := {"code": "PL0896", "at": configuration.at, "message": sprintf("`workers` is `%s`", [workers])}
}

deny_unit contains finding if {
	some workload in input.workloads
	some container in workload.containers
	some argument in array.concat(object.get(container.spec, "command", []), object.get(container.spec, "args", []))
	argument == "--workers=0"
	finding := {"code": "PL0896", "at": container.at, "message": sprintf("the container `%s` runs Odoo with threads", [container.name])}
}

deny_unit contains finding if {
	some cluster in kubernetes.objects("Cluster")
	startswith(cluster.apiVersion, "postgresql.cnpg.io/")
	some role in cluster.object.spec.managed.roles
	some right in ["createdb", "createrole", "superuser"]
	role[right] == true
	finding := {"code": "PL0897", "at": cluster.at, "message": sprintf("the role `%s` has `%s`", [role.name, right])}
}

schedulers contains workload if {
	some workload in kubernetes.serving
	"scheduler" in {value | some _, value in workload.labels}
}

deny_unit contains finding if {
	some workload in schedulers
	some problem in {text |
		some text, true in {
			"more than one pod": workload.replicas > 1,
			"two of them during an update": overlapping(workload),
		}
	}
	finding := {"code": "PL0898", "at": workload.at, "message": sprintf("`%s` has %s", [workload.name, problem])}
}

overlapping(workload) if {
	workload.kind == "Deployment"
	strategy := object.get(workload.object.spec, "strategy", {})
	object.get(strategy, "type", "RollingUpdate") != "Recreate"
} else := false
