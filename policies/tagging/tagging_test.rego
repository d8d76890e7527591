package plimsoll.policies.tagging_test

import data.plimsoll.policies.tagging

found(tags) := codes if {
	findings := tagging.deny_unit with input as plimsoll.tree({"m.tf": sprintf("resource \"azurerm_key_vault\" \"v\" {\n%s\n}\n", [tags])})
	codes := {finding.code | some finding in findings}
}

test_resources if {
	found("tags = var.tags") == set()
	found("tags = { estate = \"acme\" }") == set()
	found("tags = {}") == {"PL0882"}
	found("") == {"PL0882"}
}

test_the_plan if {
	good := {"tags": {"estate": "acme", "managed-by": "plimsoll"}, "environments": [{"name": "e", "tags": {"environment": "e"}}]}
	count(tagging.deny_blueprint) == 0 with input as {"blueprint": good}
	count(tagging.deny_blueprint) == 2 with input as {"blueprint": json.remove(good, ["tags"])}
	count(tagging.deny_blueprint) == 1 with input as {"blueprint": json.remove(good, ["environments/0/tags"])}
}
