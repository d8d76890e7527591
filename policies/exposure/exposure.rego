# What can be reached, and from where.
package plimsoll.policies.exposure

import data.plimsoll.lib.kubernetes
import data.plimsoll.lib.terraform

policies["PL0836"] := {
	"title": "Partners with certificates are asked for them by the gateway itself",
	"severity": "error",
	"why": "Whoever ends their TLS before it would have to be believed about the certificate, and a front door that does not hand it on lets nobody in.",
	"fix": "give the tenant its certificate door, its gateway `certificates` in its settings, and point no route at it that ends TLS",
}

policies["PL0850"] := {
	"title": "Nothing in a cluster has an address of its own outside",
	"severity": "error",
	"why": "Traffic would pass by the front door, its firewall, its limits, and the switch that a failover turns.",
	"fix": "make the service a ClusterIP; the ingress alone is a LoadBalancer, with `service.beta.kubernetes.io/azure-load-balancer-internal: \"true\"`. A door for partners with certificates leads to the port `certificates` of a gateway, which listens there for them",
}

policies["PL0851"] := {
	"title": "Data services have no public address",
	"severity": "error",
	"why": "A leaked password or key would be enough to read everything from anywhere.",
	"fix": "switch public network access off, and reach the service through a private endpoint or a delegated subnet",
}

policies["PL0852"] := {
	"title": "Security groups let nobody in from the internet",
	"severity": "error",
	"why": "The front door reaches the ingress by private link; whatever else is open is a mistake that scanners find within minutes.",
	"fix": "allow named networks or service tags; only HTTPS to a subnet of the front door may be open",
}

policies["PL0853"] := {
	"title": "The web application firewall is on",
	"severity": "error",
	"why": "A firewall that only tells lets the request through that it tells about.",
	"fix": "set `waf: prevention`; the firewall policy is enabled, in `Prevention` mode, and bound to the endpoint",
}

policies["PL0854"] := {
	"title": "Data services are reached privately",
	"severity": "error",
	"why": "Without a private endpoint the only way to a service is the public one.",
	"fix": "add an `azurerm_private_endpoint` for the service to its module",
}

policies["PL0855"] := {
	"title": "Clusters are private, and opened by directory accounts alone",
	"severity": "error",
	"why": "A local administrator's certificate never expires with the person, and is in no audit log.",
	"fix": "set `private_cluster_enabled = true`, `local_account_disabled = true`, `run_command_enabled = false`, and `azure_rbac_enabled = true`",
}

policies["PL0856"] := {
	"title": "Objects are never public",
	"severity": "error",
	"why": "Attachments are invoices, contracts and photographs of people's goods.",
	"fix": "set `allow_nested_items_to_be_public = false`, `container_access_type = \"private\"` and a `Deny` default for the network",
}

gateways[at] := settings if {
	some map in kubernetes.objects("ConfigMap")
	at := {"at": map.at, "namespace": map.namespace, "name": map.name}
	settings := json.unmarshal(map.object.data["gateway.json"])
}

deny_unit contains finding if {
	some gateway, settings in gateways
	some integration in settings.integrations
	object.get(integration, "proof", "bearer") == "mutual-tls"
	not settings.certificates
	finding := {"code": "PL0836", "at": gateway.at, "message": sprintf("`%s` wants a certificate, and nobody asks for it", [integration.name])}
}

# What ends TLS must not lead to the door: by then there is no certificate any more.
deny_unit contains finding if {
	some kind in ["HTTPRoute", "Ingress", "IngressRoute", "TraefikService"]
	some route in kubernetes.objects(kind)
	some service in kubernetes.objects("Service")
	service.namespace == route.namespace
	is_door(service)
	walk(route.object.spec, [path, service.name])
	path[count(path) - 1] == "name"
	finding := {"code": "PL0836", "at": route.at, "message": sprintf("it ends the TLS of what goes to `%s`", [service.name])}
}

deny_blueprint contains finding if {
	some environment in input.blueprint.environments
	some stamp in environment.stamps
	some lane in stamp.lanes
	lane.direction == "inbound"
	lane.authentication["mutual-tls"]
	some tenant in stamp.tenants
	tenant.name == lane.tenant
	object.get(tenant, "certificate_door", null) == null
	finding := {
		"code": "PL0836",
		"at": sprintf("environments/%s/stamps/%s/lanes/%s", [environment.name, stamp.name, lane.name]),
		"message": sprintf("the partner of `%s` has a certificate, and `%s` no door for it", [lane.name, tenant.name]),
	}
}

# A public service is a door when all it leads to is a port on which a gateway listens for certificates alone.
is_door(service) if {
	spec := service.object.spec
	count(spec.ports) > 0
	every port in spec.ports {
		port.targetPort == "certificates"
		object.get(port, "protocol", "TCP") == "TCP"
	}
	some workload in input.workloads
	workload.namespace == service.namespace
	kubernetes.selects({"matchLabels": spec.selector}, workload.labels)
	some gateway, settings in gateways
	gateway.namespace == workload.namespace
	gateway.name == workload.name
	some container in workload.containers
	some port in container.spec.ports
	port.name == "certificates"
	endswith(settings.certificates.listen, sprintf(":%d", [port.containerPort]))
}

internal := "service.beta.kubernetes.io/azure-load-balancer-internal"

deny_unit contains finding if {
	some service in kubernetes.objects("Service")
	some problem in openings(service)
	finding := {"code": "PL0850", "at": service.at, "message": sprintf("the service `%s` %s", [service.name, problem])}
}

openings(service) := {problem |
	spec := service.object.spec
	some problem, true in {
		"takes a port of every node": object.get(spec, "type", "ClusterIP") == "NodePort",
		"has external addresses": count(object.get(spec, "externalIPs", [])) > 0,
		"is a load balancer that is not internal": public_balancer(service),
	}
}

public_balancer(service) if {
	service.object.spec.type == "LoadBalancer"
	annotations := object.get(service.object.metadata, "annotations", {})
	object.get(annotations, internal, "false") != "true"
	not is_door(service)
} else := false

closed := {
	"azurerm_storage_account": {"public_network_access": "Disabled"},
	"azurerm_key_vault": {"public_network_access_enabled": false},
	"azurerm_postgresql_flexible_server": {"public_network_access_enabled": false},
	"azurerm_managed_redis": {"public_network_access": "Disabled"},
	"azurerm_container_registry": {"public_network_access_enabled": false, "anonymous_pull_enabled": false, "admin_enabled": false},
}

deny_unit contains finding if {
	some type, settings in closed
	some resource in terraform.resources(type)
	some name, wanted in settings
	object.get(resource.body, name, null) != wanted
	finding := {"code": "PL0851", "at": resource.at, "message": sprintf("`%s` must be `%v`", [name, wanted])}
}

anywhere := {"*", "0.0.0.0/0", "::/0", "Internet", "Any", "any"}

sources(rule) := {source | some source in array.concat([object.get(rule, "source_address_prefix", "")], as_list(object.get(rule, "source_address_prefixes", [])))}

ports(rule) := {port | some port in array.concat([object.get(rule, "destination_port_range", "")], as_list(object.get(rule, "destination_port_ranges", [])))} - {""}

as_list(value) := value if is_array(value)

as_list(value) := [value] if not is_array(value)

rules contains {"at": group.at, "rule": rule} if {
	some group in terraform.resources("azurerm_network_security_group")
	some rule in terraform.blocks(group.body, "security_rule")
}

rules contains {"at": rule.at, "rule": rule.body} if some rule in terraform.resources("azurerm_network_security_rule")

deny_unit contains finding if {
	some entry in rules
	entry.rule.direction == "Inbound"
	entry.rule.access == "Allow"
	some source in sources(entry.rule) & anywhere
	ports(entry.rule) != {"443"}
	finding := {"code": "PL0852", "at": entry.at, "message": sprintf("`%s` lets `%s` in", [object.get(entry.rule, "name", "a rule"), source])}
}

# Rules that are put together in `locals` are seen as text: an inbound allow with everyone as its source.
deny_unit contains finding if {
	some file in input.files
	endswith(file.path, ".tf")
	some line in regex.find_n(`(?i)allow[_-]?inbound\s*,[^\n]*\bsources?\w*\s*=\s*\[?[^\]\n]*"(\*|0\.0\.0\.0/0|::/0|internet|any)"[^\n]*`, file.text, -1)
	not contains(line, `ports = ["443"]`)
	finding := {"code": "PL0852", "at": file.path, "message": sprintf("`%s` lets everyone in", [trim_space(line)])}
}

deny_unit contains finding if {
	some policy in terraform.resources("azurerm_cdn_frontdoor_firewall_policy")
	some setting in [{"name": "enabled", "wanted": true, "default": true}, {"name": "mode", "wanted": "Prevention", "default": null}]
	value := object.get(policy.body, setting.name, setting.default)
	value != setting.wanted
	not terraform.computed(value)
	finding := {"code": "PL0853", "at": policy.at, "message": sprintf("`%s` of the firewall must be `%v`", [setting.name, setting.wanted])}
}

deny_unit contains finding if {
	some profile in terraform.resources("azurerm_cdn_frontdoor_profile")
	count(terraform.resources("azurerm_cdn_frontdoor_security_policy")) == 0
	finding := {"code": "PL0853", "at": profile.at, "message": "no firewall is bound to the front door"}
}

deny_blueprint contains finding if {
	some environment in input.blueprint.environments
	environment.stage in {"production", "staging"}
	environment.front_door.waf != "prevention"
	finding := {
		"code": "PL0853",
		"at": sprintf("environments/%s/front_door/waf", [environment.name]),
		"message": sprintf("the firewall of `%s` is in `%s`", [environment.name, environment.front_door.waf]),
	}
}

private := ["azurerm_storage_account", "azurerm_key_vault", "azurerm_managed_redis"]

deny_unit contains finding if {
	some type in private
	some resource in terraform.resources(type)
	not has_endpoint(type, resource.name)
	finding := {"code": "PL0854", "at": resource.at, "message": sprintf("`%s` has no private endpoint in its module", [resource.name])}
}

has_endpoint(type, name) if {
	some endpoint in terraform.resources("azurerm_private_endpoint")
	some connection in endpoint.body.private_service_connection
	terraform.names(connection.private_connection_resource_id, type, name)
}

has_endpoint(type, name) if {
	some _, calls in object.get(input.terraform, "module", {})
	some call in calls
	some _, argument in call.body
	terraform.names(argument, type, name)
}

deny_unit contains finding if {
	some cluster in terraform.resources("azurerm_kubernetes_cluster")
	some name, wanted in {"private_cluster_enabled": true, "local_account_disabled": true, "run_command_enabled": false}
	object.get(cluster.body, name, null) != wanted
	finding := {"code": "PL0855", "at": cluster.at, "message": sprintf("`%s` must be `%v`", [name, wanted])}
}

deny_unit contains finding if {
	some cluster in terraform.resources("azurerm_kubernetes_cluster")
	directory := object.get(cluster.body, "azure_active_directory_role_based_access_control", [{}])[0]
	object.get(directory, "azure_rbac_enabled", false) != true
	finding := {"code": "PL0855", "at": cluster.at, "message": "`azure_rbac_enabled` must be `true`"}
}

deny_unit contains finding if {
	some account in terraform.resources("azurerm_storage_account")
	object.get(account.body, "allow_nested_items_to_be_public", true) != false
	finding := {"code": "PL0856", "at": account.at, "message": "`allow_nested_items_to_be_public` must be `false`"}
}

deny_unit contains finding if {
	some account in terraform.resources("azurerm_storage_account")
	rules := object.get(account.body, "network_rules", [{}])[0]
	object.get(rules, "default_action", "Allow") != "Deny"
	finding := {"code": "PL0856", "at": account.at, "message": "the network's default action must be `Deny`"}
}

deny_unit contains finding if {
	some container in terraform.resources("azurerm_storage_container")
	object.get(container.body, "container_access_type", "private") != "private"
	finding := {"code": "PL0856", "at": container.at, "message": "`container_access_type` must be `private`"}
}
