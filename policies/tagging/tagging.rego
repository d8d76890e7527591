# Whose it is, and what it costs.
package plimsoll.policies.tagging

import data.plimsoll.lib.terraform

policies["PL0882"] := {
	"title": "Resources that can have tags have them",
	"severity": "error",
	"why": "What has no owner is paid for years after its purpose is gone, and nobody knows whom to call.",
	"fix": "write `tags = var.tags`",
}

policies["PL0883"] := {
	"title": "Tags name the estate and the environment",
	"severity": "error",
	"why": "Cost, ownership and the right to delete are found by these tags.",
	"fix": "keep `estate` and `managed-by` among the blueprint's tags, and `environment` among those of each environment",
}

taggable := {
	"azurerm_cdn_frontdoor_endpoint", "azurerm_cdn_frontdoor_profile", "azurerm_container_registry", "azurerm_key_vault",
	"azurerm_kubernetes_cluster", "azurerm_kubernetes_cluster_node_pool", "azurerm_log_analytics_workspace", "azurerm_managed_redis",
	"azurerm_network_security_group", "azurerm_postgresql_flexible_server", "azurerm_private_dns_zone", "azurerm_private_endpoint",
	"azurerm_public_ip", "azurerm_resource_group", "azurerm_storage_account", "azurerm_user_assigned_identity",
	"azurerm_virtual_network", "azurerm_virtual_network_gateway",
}

deny_unit contains finding if {
	some type in taggable
	some resource in terraform.resources(type)
	tags := object.get(resource.body, "tags", {})
	not terraform.computed(tags)
	count(tags) == 0
	finding := {"code": "PL0882", "at": resource.at, "message": sprintf("`%s.%s` has no tags", [type, resource.name])}
}

deny_blueprint contains finding if {
	is_object(input.blueprint)
	some name in ["estate", "managed-by"]
	object.get(object.get(input.blueprint, "tags", {}), name, "") == ""
	finding := {"code": "PL0883", "at": "tags", "message": sprintf("there is no tag `%s`", [name])}
}

deny_blueprint contains finding if {
	some environment in input.blueprint.environments
	object.get(object.get(environment, "tags", {}), "environment", "") == ""
	finding := {"code": "PL0883", "at": sprintf("environments/%s/tags", [environment.name]), "message": "there is no tag `environment`"}
}
