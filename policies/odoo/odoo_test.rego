package plimsoll.policies.odoo_test

import data.plimsoll.policies.odoo

found(files) := codes if {
	findings := odoo.deny_unit with input as plimsoll.tree(files)
	codes := {finding.code | some finding in findings}
}

good := "[options]\ndb_name = acme\nlist_db = False\nproxy_mode = True\nworkers = 2\n"

test_configuration if {
	found({"etc/odoo.conf": good}) == set()
	found({"etc/odoo.conf": replace(good, "list_db = False", "list_db = True")}) == {"PL0895"}
	found({"etc/odoo.conf": replace(good, "db_name = acme", "")}) == {"PL0895"}
	found({"etc/odoo.conf": replace(good, "workers = 2", "workers = 0")}) == {"PL0896"}
}

map(text) := json.marshal({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"odoo.conf": text}})

test_configuration_in_a_map if {
	found({"m.yaml": map(good)}) == set()
	found({"m.yaml": map(replace(good, "proxy_mode = True", ""))}) == {"PL0895"}
}

test_a_shared_stamp if {
	text := json.marshal({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "erp"}, "data": {"odoo.conf": replace(good, "db_name = acme", "")}})
	namespace := "{apiVersion: v1, kind: Namespace, metadata: {name: erp, labels: {plimsoll.io/tenancy: shared}}}"
	found({"m.yaml": text, "n.yaml": namespace}) == set()
	found({"m.yaml": text, "n.yaml": replace(namespace, "shared", "dedicated")}) == {"PL0895"}
}

test_threads if {
	pod := "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, args: ['--workers=0']}]}}"
	found({"p.yaml": pod}) == {"PL0896"}
	found({"p.yaml": replace(pod, "=0", "=1")}) == set()
}

test_roles if {
	cluster := "{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: c}, spec: {managed: {roles: [{name: r, createdb: false}]}}}"
	found({"c.yaml": cluster}) == set()
	found({"c.yaml": replace(cluster, "createdb: false", "createdb: true")}) == {"PL0897"}
	found({"c.yaml": replace(cluster, "createdb: false", "superuser: true")}) == {"PL0897"}
}

test_schedulers if {
	scheduler := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: s}, spec: {replicas: 1, strategy: {type: Recreate}, template: {metadata: {labels: {class: scheduler}}, spec: {containers: []}}}}"
	found({"s.yaml": scheduler}) == set()
	found({"s.yaml": replace(scheduler, "replicas: 1", "replicas: 2")}) == {"PL0898"}
	found({"s.yaml": replace(scheduler, "Recreate", "RollingUpdate")}) == {"PL0898"}
}
