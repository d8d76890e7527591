package plimsoll.policies.audit_test

import data.plimsoll.policies.audit

vault := "resource \"azurerm_key_vault\" \"v\" {\n}\n"

setting(target) := sprintf("resource \"azurerm_monitor_diagnostic_setting\" \"s\" {\n  target_resource_id = %s\n}\n", [target])

test_logs_are_kept if {
	count(audit.deny_unit) == 0 with input as plimsoll.tree({"m.tf": vault, "s.tf": setting("azurerm_key_vault.v.id")})
	count(audit.deny_unit) == 1 with input as plimsoll.tree({"m.tf": vault})
	count(audit.deny_unit) == 1 with input as plimsoll.tree({"m.tf": vault, "s.tf": setting("azurerm_key_vault.vv.id")})
}

judged(stage, audit_keep, logs_keep) := count(findings) if {
	environment := {"name": "e", "stage": stage, "watching": {"audit_keep": audit_keep, "logs_keep": logs_keep}}
	findings := audit.deny_blueprint with input as {"blueprint": {"environments": [environment]}}
}

test_long_enough if {
	judged("production", "400d", "90d") == 0
	judged("production", "90d", "30d") == 1
	judged("production", "400d", "500d") == 1
	judged("test", "7d", "7d") == 0
}
