package plimsoll.policies.backups_test

import data.plimsoll.policies.backups

container(changes) := object.union({"name": "b", "kind": "backups", "stamp": "erp", "delete_after": null, "immutable": {"period": "35d", "locked": true}}, changes)

account(name, changes) := object.union(
	{"name": name, "purpose": "backups", "replica_account": null, "versioning": true, "change_feed": true, "containers": [container({})]},
	changes,
)

placement(changes) := object.union(
	{
		"stamp": "erp",
		"identity": "i",
		"backup_identity": "b",
		"database": {"engine": {"flexible-server": {"name": "s", "upstream": null, "geo_backup": true}}, "backup": backup({})},
	},
	changes,
)

backup(changes) := object.union({"containers": ["one/b", "two/b"], "point_in_time": "14d", "keep": "35d"}, changes)

backed_up(changes) := placement({"database": {"backup": backup(changes)}})

environment(first, placed) := {
	"name": "e",
	"stage": "production",
	"stamps": [{"name": "erp", "lanes": [{"name": "l", "direction": "inbound", "keep": "30d"}]}],
	"regions": [
		{"name": "west", "storage": [first], "placements": [placed]},
		{"name": "north", "storage": [account("two", {})], "placements": []},
	],
}

judged(one) := codes if {
	findings := backups.deny_blueprint with input as {"blueprint": {"environments": [one]}}
	codes := {finding.code | some finding in findings}
}

good := environment(account("one", {}), placement({}))

test_a_good_plan_is_fine if judged(good) == set()

test_versions if {
	judged(environment(account("one", {"versioning": false}), placement({}))) == {"PL0870"}
	judged(environment(account("one", {"replica_account": "two", "change_feed": false}), placement({}))) == {"PL0870"}
}

contained(changes) := environment(account("one", {"containers": [container(changes)]}), placement({}))

test_immutability if {
	judged(contained({"immutable": null})) == {"PL0871"}
	judged(contained({"immutable": {"period": "7d", "locked": true}})) == {"PL0871"}
	judged(contained({"immutable": {"period": "35d", "locked": false}})) == {"PL0878"}
}

test_failure_domains if {
	judged(environment(account("one", {}), backed_up({"containers": ["one/b"]}))) == {"PL0872"}
	judged(environment(account("one", {}), backed_up({"containers": ["one/b", "two/b", "three/b"]}))) == {"PL0872"}
	judged(environment(account("one", {}), placement({"backup_identity": "i"}))) == {"PL0872"}
}

test_retention if {
	judged(environment(account("one", {}), backed_up({"point_in_time": "6d"}))) == {"PL0873"}
	judged(environment(account("one", {}), backed_up({"keep": "7d"}))) == {"PL0873"}
	judged(contained({"delete_after": "20d"})) == {"PL0873"}
	judged(object.union(environment(account("one", {}), backed_up({"point_in_time": "6d"})), {"stage": "test"})) == set()
}

test_the_paired_region if {
	alone := {"database": {"engine": {"flexible-server": {"geo_backup": false}}}}
	judged(environment(account("one", {}), placement(alone))) == {"PL0875"}
	judged(environment(account("one", {}), placement(object.union(alone, {"gateway": {"peer": "north"}})))) == set()
}

test_messages_outlive_recovery if {
	judged(object.union(good, {"stamps": [{"name": "erp", "lanes": [{"name": "l", "direction": "inbound", "keep": "7d"}]}]})) == {"PL0877"}
	judged(object.union(good, {"stamps": [{"name": "erp", "lanes": [{"name": "l", "direction": "outbound", "keep": "7d"}]}]})) == set()
}

found(text) := codes if {
	findings := backups.deny_unit with input as plimsoll.tree({"m.tf": text})
	codes := {finding.code | some finding in findings}
}

storage := `
resource "azurerm_storage_account" "a" {
  is_hns_enabled = false
  blob_properties {
    versioning_enabled = true
  }
  lifecycle {
    prevent_destroy = true
  }
}
resource "azurerm_storage_object_replication" "r" {
}
`

test_terraform if {
	found(storage) == set()
	found(replace(storage, "versioning_enabled = true", "versioning_enabled = var.versioning")) == set()
	found(replace(storage, "versioning_enabled = true", "")) == {"PL0870"}
	found(concat("", [storage, "resource \"azurerm_storage_container_immutability_policy\" \"p\" {\n}\n"])) == {"PL0871"}
	found(replace(storage, "is_hns_enabled = false", "is_hns_enabled = true")) == {"PL0874"}
	found(replace(storage, "prevent_destroy = true", "")) == {"PL0876"}
	found("resource \"azurerm_postgresql_flexible_server\" \"r\" {\n  create_mode = \"Replica\"\n}\n") == set()
}
