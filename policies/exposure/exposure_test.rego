package plimsoll.policies.exposure_test

import data.plimsoll.policies.exposure

found(files) := codes if {
	findings := exposure.deny_unit with input as plimsoll.tree(files)
	codes := {finding.code | some finding in findings}
}

service(spec) := {"s.yaml": sprintf("{apiVersion: v1, kind: Service, metadata: {name: s}, spec: %s}", [spec])}

test_services if {
	found(service("{type: ClusterIP}")) == set()
	found(service("{}")) == set()
	found(service("{type: NodePort}")) == {"PL0850"}
	found(service("{type: LoadBalancer}")) == {"PL0850"}
	found(service("{externalIPs: [203.0.113.1]}")) == {"PL0850"}
}

cache := `
resource "azurerm_managed_redis" "this" {
  public_network_access = "Disabled"
}
resource "azurerm_private_endpoint" "this" {
  private_service_connection {
    private_connection_resource_id = azurerm_managed_redis.this.id
  }
}
`

test_data_services if {
	found({"m.tf": cache}) == set()
	found({"m.tf": replace(cache, "Disabled", "Enabled")}) == {"PL0851"}
	found({"m.tf": replace(cache, "azurerm_managed_redis.this.id", "var.id")}) == {"PL0854"}
}

test_a_module_may_make_the_endpoint if {
	found({"m.tf": `
resource "azurerm_managed_redis" "this" {
  public_network_access = "Disabled"
}
module "endpoint" {
  source = "../private-endpoint"
  id     = azurerm_managed_redis.this.id
}
`}) == set()
}

group(rule) := {"m.tf": sprintf("resource \"azurerm_network_security_group\" \"g\" {\n  security_rule {\n    direction = \"Inbound\"\n    access = \"Allow\"\n%s\n  }\n}\n", [rule])}

test_the_internet_comes_in_by_https_only if {
	found(group("source_address_prefix = \"10.0.0.0/8\"\ndestination_port_range = \"5432\"")) == set()
	found(group("source_address_prefix = \"Internet\"\ndestination_port_range = \"443\"")) == set()
	found(group("source_address_prefix = \"Internet\"\ndestination_port_range = \"22\"")) == {"PL0852"}
	found(group("source_address_prefixes = [\"10.0.0.0/8\", \"0.0.0.0/0\"]\ndestination_port_ranges = [\"443\", \"80\"]")) == {"PL0852"}
	found(group("source_address_prefixes = var.sources\ndestination_port_range = \"22\"")) == set()
}

test_rules_of_their_own if {
	found({"m.tf": "resource \"azurerm_network_security_rule\" \"r\" {\n  direction = \"Inbound\"\n  access = \"Allow\"\n  source_address_prefix = \"*\"\n}\n"}) == {"PL0852"}
}

test_rules_in_locals if {
	found({"m.tf": "locals {\n  r = [merge(local.allow_inbound, { sources = [\"*\"], ports = [\"22\"] })]\n}\n"}) == {"PL0852"}
	found({"m.tf": "locals {\n  r = [merge(local.deny_inbound, { sources = [\"*\"], ports = [\"22\"] })]\n}\n"}) == set()
}

test_the_firewall if {
	found({"m.tf": "resource \"azurerm_cdn_frontdoor_firewall_policy\" \"p\" {\n  enabled = true\n  mode = \"Prevention\"\n}\n"}) == set()
	found({"m.tf": "resource \"azurerm_cdn_frontdoor_firewall_policy\" \"p\" {\n  enabled = true\n  mode = \"Detection\"\n}\n"}) == {"PL0853"}
	found({"m.tf": "resource \"azurerm_cdn_frontdoor_profile\" \"p\" {\n}\n"}) == {"PL0853"}
}

test_the_firewall_of_the_plan if {
	environment := {"name": "e", "stage": "production", "front_door": {"waf": "detection"}}
	findings := exposure.deny_blueprint with input as {"blueprint": {"environments": [environment]}}
	{finding.at | some finding in findings} == {"environments/e/front_door/waf"}
	elsewhere := object.union(environment, {"stage": "test"})
	count(exposure.deny_blueprint) == 0 with input as {"blueprint": {"environments": [elsewhere]}}
}

cluster(private) := {"m.tf": sprintf("resource \"azurerm_kubernetes_cluster\" \"c\" {\n  private_cluster_enabled = %v\n  local_account_disabled = true\n  run_command_enabled = false\n  azure_active_directory_role_based_access_control {\n    azure_rbac_enabled = %v\n  }\n}\n", [private, private])}

test_clusters if {
	found(cluster(true)) == set()
	found(cluster(false)) == {"PL0855"}
}

account(public, action, access) := {"m.tf": sprintf(`
resource "azurerm_storage_account" "a" {
  public_network_access           = "Disabled"
  allow_nested_items_to_be_public = %v
  network_rules {
    default_action = "%s"
  }
}
resource "azurerm_storage_container" "c" {
  container_access_type = "%s"
}
resource "azurerm_private_endpoint" "this" {
  private_service_connection {
    private_connection_resource_id = azurerm_storage_account.a.id
  }
}
`, [public, action, access])}

test_objects if {
	found(account(false, "Deny", "private")) == set()
	found(account(true, "Deny", "private")) == {"PL0856"}
	found(account(false, "Allow", "private")) == {"PL0856"}
	found(account(false, "Deny", "blob")) == {"PL0856"}
}

gateway(door, listen) := {"g.yaml": sprintf(`
{apiVersion: v1, kind: ConfigMap, metadata: {name: g, namespace: erp}, data: {gateway.json: '{"integrations": [{"name": "acme", "proof": "mutual-tls"}]%s}'}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: g, namespace: erp}
spec:
  template:
    metadata: {labels: {app: g}}
    spec:
      containers: [{name: gateway, ports: [{name: ingest, containerPort: 8443}, {name: certificates, containerPort: %d}]}]
---
{apiVersion: v1, kind: Service, metadata: {name: g-door, namespace: erp}, spec: {type: LoadBalancer, selector: {app: g}, ports: [{port: 443, targetPort: certificates}]}}
`, [door, listen])}

listening := `, "certificates": {"listen": "0.0.0.0:8444"}`

test_a_door_for_certificates if {
	good := gateway(listening, 8444)
	found(good) == set()
	found(gateway("", 8444)) == {"PL0836", "PL0850"}
	found(gateway(listening, 8443)) == {"PL0850"}
	found({"g.yaml": replace(good["g.yaml"], "targetPort: certificates", "targetPort: ingest")}) == {"PL0850"}
	found({"g.yaml": replace(good["g.yaml"], "selector: {app: g}", "selector: {app: other}")}) == {"PL0850"}
	found(object.union(good, {"r.yaml": "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: erp}, spec: {rules: [{backendRefs: [{name: g-door, port: 443}]}]}}"})) == {"PL0836"}
}

blueprint(stamp) := {"blueprint": {"environments": [{"name": "e", "stage": "test", "stamps": [stamp], "front_door": {"waf": "detection"}}]}}

test_a_tenant_without_a_door if {
	lane := {"name": "acme-edi", "tenant": "acme", "direction": "inbound", "authentication": {"mutual-tls": {"secret": "acme"}}}
	stamp := {"name": "erp", "lanes": [lane], "tenants": [{"name": "acme"}]}
	findings := exposure.deny_blueprint with input as blueprint(stamp)
	{finding.code | some finding in findings} == {"PL0836"}
	with_door := object.union(stamp, {"tenants": [{"name": "acme", "certificate_door": {"host": "partners-acme.example.com"}}]})
	count(exposure.deny_blueprint) == 0 with input as blueprint(with_door)
}
