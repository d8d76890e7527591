# Backups survive what happens to the thing they are backups of.
package plimsoll.policies.backups

import data.plimsoll.lib.kubernetes
import data.plimsoll.lib.terraform

policies["PL0870"] := {
	"title": "Storage that replicates or must not forget keeps every version",
	"severity": "error",
	"why": "Azure copies objects only where versions and a change feed are kept, and protects only versions.",
	"fix": "switch `versioning_enabled` on, and `change_feed_enabled` too where objects are replicated",
}

policies["PL0871"] := {
	"title": "Backups cannot be changed or deleted while they are needed",
	"severity": "error",
	"why": "Whoever encrypts the business encrypts its backups first, with the rights of an administrator.",
	"fix": "make the container of backups immutable, per version, for at least as long as point-in-time recovery reaches back; a policy of the container itself forbids what the backup engine needs",
}

policies["PL0872"] := {
	"title": "Backups are in another failure domain, under another identity",
	"severity": "error",
	"why": "Backups burn with the data centre that they share with production, and are deleted by the account that they share with it.",
	"fix": "keep them in accounts of their own in two regions, and write them by an identity that nothing else uses",
}

policies["PL0873"] := {
	"title": "Backups are kept at least as long as they are promised",
	"severity": "error",
	"why": "A rule of the storage that deletes first makes the restore impossible that the plan counts on.",
	"fix": "in production reach back at least seven days, keep backups at least as long as that, and let no lifecycle rule or immutability end before",
}

policies["PL0874"] := {
	"title": "Storage with a hierarchical namespace is not replicated",
	"severity": "error",
	"why": "Azure does not replicate objects of such accounts: the copy would stay empty.",
	"fix": "set `is_hns_enabled = false` where objects are replicated",
}

policies["PL0875"] := {
	"title": "A managed database of one region only is backed up to another",
	"severity": "error",
	"why": "Azure restores such a server in its own region alone; whether backups go to the paired region too can be chosen at creation only.",
	"fix": "set `geo_backup` before the server is made, or give the stamp a standby region",
}

policies["PL0876"] := {
	"title": "What holds data is not destroyed by an apply",
	"severity": "error",
	"why": "A changed name is a deletion to Terraform, and whoever approves a long plan overlooks one line.",
	"fix": "add `lifecycle { prevent_destroy = true }`",
}

policies["PL0877"] := {
	"title": "Messages are kept at least as long as point-in-time recovery reaches back",
	"severity": "error",
	"why": "A database restored to last week lacks a week of messages; only what is still in the journal is delivered again, once.",
	"fix": "keep payloads of inbound lanes longer than the stamp's `point_in_time`",
}

policies["PL0878"] := {
	"title": "Immutability in production is locked",
	"severity": "warning",
	"why": "An administrator, or whoever became one, can shorten a period that is not locked.",
	"fix": "set `locked: true` when the period is right; it cannot be undone",
}

important := {"production", "recovery"}

accounts contains entry if {
	some environment in input.blueprint.environments
	some region in environment.regions
	some account in region.storage
	entry := {
		"at": sprintf("environments/%s/regions/%s/storage/%s", [environment.name, region.name, account.name]),
		"environment": environment.name,
		"stage": environment.stage,
		"region": region.name,
		"account": account,
	}
}

placements contains entry if {
	some environment in input.blueprint.environments
	some region in environment.regions
	some placement in region.placements
	entry := {
		"at": sprintf("environments/%s/regions/%s/placements/%s", [environment.name, region.name, placement.stamp]),
		"environment": environment.name,
		"stage": environment.stage,
		"region": region,
		"placement": placement,
	}
}

# What is promised of a stamp's backups, in seconds, by environment and stamp.
promises[key] contains promise if {
	some entry in placements
	key := concat("/", [entry.environment, entry.placement.stamp])
	backup := entry.placement.database.backup
	promise := {"point_in_time": backup.point_in_time, "keep": backup.keep}
}

# === versions

deny_blueprint contains finding if {
	some entry in accounts
	some reason in reasons(entry.account)
	not entry.account.versioning
	finding := {"code": "PL0870", "at": entry.at, "message": sprintf("`%s` keeps no versions, and %s", [entry.account.name, reason])}
}

reasons(account) := {reason |
	some reason, true in {
		"is replicated": account.replica_account != null,
		"has containers that must not forget": count(immutable(account)) > 0,
	}
}

immutable(account) := [container | some container in account.containers; container.immutable != null]

deny_blueprint contains finding if {
	some entry in accounts
	entry.account.replica_account != null
	not entry.account.change_feed
	finding := {"code": "PL0870", "at": entry.at, "message": sprintf("`%s` is replicated without a change feed", [entry.account.name])}
}

deny_unit contains finding if {
	some account in terraform.resources("azurerm_storage_account")
	properties := object.get(account.body, "blob_properties", [{}])[0]
	object.get(properties, "versioning_enabled", false) == false
	finding := {"code": "PL0870", "at": account.at, "message": "`versioning_enabled` is off"}
}

# === immutability

deny_blueprint contains finding if {
	some entry in accounts
	entry.stage in important
	some container in entry.account.containers
	container.kind == "backups"
	container.immutable == null
	finding := {"code": "PL0871", "at": sprintf("%s/%s", [entry.at, container.name]), "message": sprintf("backups in `%s` can be deleted", [container.name])}
}

deny_blueprint contains finding if {
	some entry in accounts
	entry.stage in important
	some container in entry.account.containers
	container.kind == "backups"
	some promise in promises[concat("/", [entry.environment, container.stamp])]
	plimsoll.seconds(container.immutable.period) < plimsoll.seconds(promise.point_in_time)
	finding := {
		"code": "PL0871",
		"at": sprintf("%s/%s", [entry.at, container.name]),
		"message": sprintf("backups in `%s` can be deleted after %s, and recovery reaches back %s", [container.name, container.immutable.period, promise.point_in_time]),
	}
}

deny_unit contains finding if {
	some policy in terraform.resources("azurerm_storage_container_immutability_policy")
	finding := {"code": "PL0871", "at": policy.at, "message": "the immutability is the container's, not its versions'"}
}

deny_blueprint contains finding if {
	some entry in accounts
	entry.stage == "production"
	some container in entry.account.containers
	container.kind == "backups"
	container.immutable.locked == false
	finding := {"code": "PL0878", "at": sprintf("%s/%s", [entry.at, container.name]), "message": sprintf("the immutability of `%s` is not locked", [container.name])}
}

# === failure domains

# Regions of an environment's backup accounts, by account.
homes[key] := regions if {
	some environment in input.blueprint.environments
	key := environment.name
	regions := {account.name: region.name |
		some region in environment.regions
		some account in region.storage
		account.purpose == "backups"
	}
}

deny_blueprint contains finding if {
	some entry in placements
	some container in entry.placement.database.backup.containers
	account := split(container, "/")[0]
	not homes[entry.environment][account]
	finding := {"code": "PL0872", "at": entry.at, "message": sprintf("`%s` is backed up to `%s`, which is no account for backups", [entry.placement.stamp, account])}
}

deny_blueprint contains finding if {
	some entry in placements
	entry.stage in important
	count(homes[entry.environment]) > 1
	domains := {homes[entry.environment][split(container, "/")[0]] | some container in entry.placement.database.backup.containers}
	count(domains) < 2
	finding := {"code": "PL0872", "at": entry.at, "message": sprintf("all backups of `%s` are in one region", [entry.placement.stamp])}
}

deny_blueprint contains finding if {
	some entry in placements
	entry.placement.backup_identity == entry.placement.identity
	finding := {"code": "PL0872", "at": entry.at, "message": sprintf("`%s` writes its backups as itself", [entry.placement.stamp])}
}

# === retention

deny_blueprint contains finding if {
	some entry in placements
	backup := entry.placement.database.backup
	some problem in {text |
		some text, true in {
			sprintf("reaches back only %s", [backup.point_in_time]): short(entry),
			sprintf("keeps backups for %s and promises %s", [backup.keep, backup.point_in_time]): plimsoll.seconds(backup.keep) < plimsoll.seconds(backup.point_in_time),
		}
	}
	finding := {"code": "PL0873", "at": entry.at, "message": sprintf("`%s` %s", [entry.placement.stamp, problem])}
}

short(entry) if {
	entry.stage == "production"
	plimsoll.seconds(entry.placement.database.backup.point_in_time) < 7 * 86400
} else := false

deny_blueprint contains finding if {
	some entry in accounts
	some container in entry.account.containers
	container.kind == "backups"
	container.delete_after != null
	some promise in promises[concat("/", [entry.environment, container.stamp])]
	plimsoll.seconds(container.delete_after) < plimsoll.seconds(promise.keep)
	finding := {
		"code": "PL0873",
		"at": sprintf("%s/%s", [entry.at, container.name]),
		"message": sprintf("`%s` is emptied after %s, and backups are kept for %s", [container.name, container.delete_after, promise.keep]),
	}
}

deny_unit contains finding if {
	count(terraform.resources("azurerm_storage_object_replication")) > 0
	some account in terraform.resources("azurerm_storage_account")
	object.get(account.body, "is_hns_enabled", false) != false
	finding := {"code": "PL0874", "at": account.at, "message": "the account has a hierarchical namespace and takes part in replication"}
}

deny_blueprint contains finding if {
	some entry in placements
	entry.stage == "production"
	server := entry.placement.database.engine["flexible-server"]
	server.upstream == null
	not server.geo_backup
	not elsewhere(entry)
	finding := {"code": "PL0875", "at": entry.at, "message": sprintf("`%s` and all its backups are in one region", [server.name])}
}

# The gateway of a stamp with a standby has a peer there.
elsewhere(entry) if entry.placement.gateway.peer != null

kept := ["azurerm_container_registry", "azurerm_key_vault", "azurerm_log_analytics_workspace", "azurerm_postgresql_flexible_server", "azurerm_storage_account"]

deny_unit contains finding if {
	some type in kept
	some resource in terraform.resources(type)
	object.get(resource.body, "create_mode", "Default") != "Replica"
	guards := {guard.prevent_destroy | some guard in resource.body.lifecycle}
	not true in guards
	finding := {"code": "PL0876", "at": resource.at, "message": sprintf("an apply may destroy `%s.%s`", [type, resource.name])}
}

deny_blueprint contains finding if {
	some environment in input.blueprint.environments
	environment.stage == "production"
	some stamp in environment.stamps
	some lane in stamp.lanes
	lane.direction != "outbound"
	some promise in promises[concat("/", [environment.name, stamp.name])]
	plimsoll.seconds(lane.keep) < plimsoll.seconds(promise.point_in_time)
	finding := {
		"code": "PL0877",
		"at": sprintf("environments/%s/stamps/%s/lanes/%s", [environment.name, stamp.name, lane.name]),
		"message": sprintf("messages of `%s` are kept for %s, and recovery reaches back %s", [lane.name, lane.keep, promise.point_in_time]),
	}
}
