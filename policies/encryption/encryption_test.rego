package plimsoll.policies.encryption_test

import data.plimsoll.policies.encryption

found(files) := codes if {
	findings := encryption.deny_unit with input as plimsoll.tree(files)
	codes := {finding.code | some finding in findings}
}

resource(type, body) := {"m.tf": sprintf("resource \"%s\" \"x\" {\n%s\n}\n", [type, body])}

account := "min_tls_version = \"TLS1_2\"\nhttps_traffic_only_enabled = true\nshared_access_key_enabled = false"

test_storage if {
	found(resource("azurerm_storage_account", account)) == set()
	found(resource("azurerm_storage_account", replace(account, "TLS1_2", "TLS1_1"))) == {"PL0860"}
	found(resource("azurerm_storage_account", replace(account, "= true", "= false"))) == {"PL0860"}
	found(resource("azurerm_storage_account", replace(account, "= false", "= true"))) == {"PL0861"}
	found(resource("azurerm_storage_account", "min_tls_version = \"TLS1_2\"\nhttps_traffic_only_enabled = true")) == {"PL0861"}
}

test_connections if {
	found(resource("azurerm_managed_redis", "default_database {\n  client_protocol = \"Plaintext\"\n}")) == {"PL0860"}
	found(resource("azurerm_managed_redis", "default_database {\n  client_protocol = \"Encrypted\"\n}")) == set()
	found(resource("azurerm_postgresql_flexible_server_configuration", "name = \"require_secure_transport\"\nvalue = \"OFF\"")) == {"PL0860"}
	found(resource("azurerm_postgresql_flexible_server_configuration", "name = each.key\nvalue = each.value")) == set()
	found(resource("azurerm_cdn_frontdoor_custom_domain", "tls {\n  minimum_version = \"TLS10\"\n}")) == {"PL0860"}
	found(resource("azurerm_cdn_frontdoor_custom_domain", "tls {\n  minimum_version = var.tls\n}")) == set()
	found({"g.yaml": "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: g}, spec: {listeners: [{name: a, protocol: HTTP}]}}"}) == {"PL0860"}
}

vault := "rbac_authorization_enabled = true\npurge_protection_enabled = true\nsoft_delete_retention_days = 90"

test_vaults if {
	found(resource("azurerm_key_vault", vault)) == set()
	found(resource("azurerm_key_vault", replace(vault, "rbac_authorization_enabled = true", ""))) == {"PL0862"}
	found(resource("azurerm_key_vault", replace(vault, "90", "7"))) == {"PL0862"}
	found(resource("azurerm_key_vault", replace(vault, "90", "var.days"))) == set()
}

test_disks if {
	found(resource("azurerm_kubernetes_cluster_node_pool", "host_encryption_enabled = true")) == set()
	found(resource("azurerm_kubernetes_cluster_node_pool", "")) == {"PL0863"}
	found(resource("azurerm_kubernetes_cluster", "default_node_pool {\n}")) == {"PL0863"}
}

judged(days, parameters) := codes if {
	region := {"name": "r", "vault_soft_delete_days": days, "placements": [{"stamp": "s", "database": {"parameters": parameters}}]}
	findings := encryption.deny_blueprint with input as {"blueprint": {"environments": [{"name": "e", "regions": [region]}]}}
	codes := {finding.code | some finding in findings}
}

test_the_plan if {
	judged(90, {"ssl_min_protocol_version": "TLSv1.3"}) == set()
	judged(7, {}) == {"PL0862"}
	judged(90, {"ssl_min_protocol_version": "TLSv1.1"}) == {"PL0860"}
	judged(90, {"require_secure_transport": "off"}) == {"PL0860"}
}
