# What happened can be found out afterwards.
package plimsoll.policies.audit

import data.plimsoll.lib.terraform

policies["PL0884"] := {
	"title": "Data services write their logs where they are kept",
	"severity": "error",
	"why": "After a breach or a loss the first question is who did what; without logs there is no answer.",
	"fix": "add an `azurerm_monitor_diagnostic_setting` for the service to its module",
}

policies["PL0885"] := {
	"title": "Audit logs are kept for a year, and longer than others",
	"severity": "error",
	"why": "Intrusions are found months after they began.",
	"fix": "set the retention of audit logs to at least `365d`",
}

watched := [
	"azurerm_cdn_frontdoor_profile", "azurerm_container_registry", "azurerm_key_vault", "azurerm_kubernetes_cluster",
	"azurerm_managed_redis", "azurerm_postgresql_flexible_server", "azurerm_storage_account",
]

deny_unit contains finding if {
	some type in watched
	some resource in terraform.resources(type)
	not logged(type, resource.name)
	finding := {"code": "PL0884", "at": resource.at, "message": sprintf("nobody keeps the logs of `%s.%s`", [type, resource.name])}
}

logged(type, name) if {
	some setting in terraform.resources("azurerm_monitor_diagnostic_setting")
	terraform.names(setting.body.target_resource_id, type, name)
}

deny_blueprint contains finding if {
	some environment in input.blueprint.environments
	environment.stage in {"production", "recovery"}
	keep := plimsoll.seconds(environment.watching.audit_keep)
	least := max([365 * 86400, plimsoll.seconds(environment.watching.logs_keep)])
	keep < least
	finding := {
		"code": "PL0885",
		"at": sprintf("environments/%s/watching/audit_keep", [environment.name]),
		"message": sprintf("audit logs are kept for %s", [environment.watching.audit_keep]),
	}
}
