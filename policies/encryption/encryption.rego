# Encrypted on the way and at rest, backups and replicas included.
package plimsoll.policies.encryption

import data.plimsoll.lib.kubernetes
import data.plimsoll.lib.terraform

policies["PL0860"] := {
	"title": "Everything that crosses a network is encrypted with TLS 1.2 or newer",
	"severity": "error",
	"why": "Networks between regions and sites belong to others.",
	"fix": "set the oldest TLS version to 1.2 or newer wherever the service has such a setting",
}

policies["PL0861"] := {
	"title": "Storage has no keys",
	"severity": "error",
	"why": "A key opens the whole account to whoever has it, for ever, and leaves no name in the log.",
	"fix": "set `shared_access_key_enabled = false`, and give roles to identities",
}

policies["PL0862"] := {
	"title": "Vaults are opened by roles, and nothing in them is gone at once",
	"severity": "error",
	"why": "Whoever deletes a vault, by mistake or not, deletes the keys to the backups.",
	"fix": "set `rbac_authorization_enabled = true`, `purge_protection_enabled = true`, and 90 days of soft delete",
}

policies["PL0863"] := {
	"title": "Disks of nodes are encrypted on their host",
	"severity": "error",
	"why": "Temporary disks and caches hold what Odoo and PostgreSQL have in memory.",
	"fix": "set `host_encryption_enabled = true` for every pool of nodes",
}

wanted := {
	"azurerm_storage_account": {"min_tls_version": {"TLS1_2", "TLS1_3"}, "https_traffic_only_enabled": {true}},
	"azurerm_redis_cache": {"minimum_tls_version": {"1.2", "1.3"}, "non_ssl_port_enabled": {false}},
}

deny_unit contains finding if {
	some type, settings in wanted
	some resource in terraform.resources(type)
	some name, accepted in settings
	not object.get(resource.body, name, null) in accepted
	finding := {"code": "PL0860", "at": resource.at, "message": sprintf("`%s` must be one of %v", [name, sort(accepted)])}
}

deny_unit contains finding if {
	some cache in terraform.resources("azurerm_managed_redis")
	database := object.get(cache.body, "default_database", [{}])[0]
	object.get(database, "client_protocol", "Encrypted") != "Encrypted"
	finding := {"code": "PL0860", "at": cache.at, "message": "`client_protocol` must be `Encrypted`"}
}

deny_unit contains finding if {
	some setting in terraform.resources("azurerm_postgresql_flexible_server_configuration")
	setting.body.name == "require_secure_transport"
	lower(setting.body.value) == "off"
	finding := {"code": "PL0860", "at": setting.at, "message": "connections to the database must be encrypted"}
}

deny_unit contains finding if {
	some domain in terraform.resources("azurerm_cdn_frontdoor_custom_domain")
	some tls in domain.body.tls
	version := object.get(tls, "minimum_version", "TLS12")
	not version in {"TLS12", "TLS13"}
	not terraform.computed(version)
	finding := {"code": "PL0860", "at": domain.at, "message": sprintf("the oldest TLS version is `%s`", [version])}
}

deny_unit contains finding if {
	some ingress in kubernetes.objects("Gateway")
	some listener in ingress.object.spec.listeners
	not listener.protocol in {"HTTPS", "TLS"}
	finding := {"code": "PL0860", "at": ingress.at, "message": sprintf("the listener `%s` of `%s` speaks %s", [listener.name, ingress.name, listener.protocol])}
}

weak_parameters := {"require_secure_transport": {"off", "OFF", "false"}, "ssl": {"off", "OFF", "false"}, "ssl_min_protocol_version": {"TLSv1", "TLSv1.1"}}

deny_blueprint contains finding if {
	some environment in input.blueprint.environments
	some region in environment.regions
	some placement in region.placements
	some name, refused in weak_parameters
	value := placement.database.parameters[name]
	value in refused
	finding := {
		"code": "PL0860",
		"at": sprintf("environments/%s/regions/%s/placements/%s/database/parameters/%s", [environment.name, region.name, placement.stamp, name]),
		"message": sprintf("`%s` is `%s`", [name, value]),
	}
}

deny_unit contains finding if {
	some account in terraform.resources("azurerm_storage_account")
	object.get(account.body, "shared_access_key_enabled", true) != false
	finding := {"code": "PL0861", "at": account.at, "message": "`shared_access_key_enabled` must be `false`"}
}

deny_unit contains finding if {
	some vault in terraform.resources("azurerm_key_vault")
	some name in ["rbac_authorization_enabled", "purge_protection_enabled"]
	object.get(vault.body, name, false) != true
	finding := {"code": "PL0862", "at": vault.at, "message": sprintf("`%s` must be `true`", [name])}
}

deny_unit contains finding if {
	some vault in terraform.resources("azurerm_key_vault")
	days := object.get(vault.body, "soft_delete_retention_days", 90)
	is_number(days)
	days < 90
	finding := {"code": "PL0862", "at": vault.at, "message": sprintf("a deleted secret can be had back for %d days only", [days])}
}

deny_blueprint contains finding if {
	some environment in input.blueprint.environments
	some region in environment.regions
	region.vault_soft_delete_days < 90
	finding := {
		"code": "PL0862",
		"at": sprintf("environments/%s/regions/%s/vault_soft_delete_days", [environment.name, region.name]),
		"message": sprintf("a deleted secret can be had back for %d days only", [region.vault_soft_delete_days]),
	}
}

pools contains {"at": cluster.at, "pool": pool} if {
	some cluster in terraform.resources("azurerm_kubernetes_cluster")
	some pool in cluster.body.default_node_pool
}

pools contains {"at": pool.at, "pool": pool.body} if some pool in terraform.resources("azurerm_kubernetes_cluster_node_pool")

deny_unit contains finding if {
	some entry in pools
	object.get(entry.pool, "host_encryption_enabled", false) != true
	finding := {"code": "PL0863", "at": entry.at, "message": "`host_encryption_enabled` must be `true`"}
}
