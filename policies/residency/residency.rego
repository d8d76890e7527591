# Where data may be.
package plimsoll.policies.residency

policies["PL0880"] := {
	"title": "Data stays in the geographies that were promised",
	"severity": "error",
	"why": "Contracts and laws name where data may be; replicas and backups are data.",
	"fix": "choose a region of an allowed geography, or state the region's `geography` where Plimsoll does not know it",
}

policies["PL0881"] := {
	"title": "Copies go to regions of the same environment",
	"severity": "error",
	"why": "A copy in another environment is read by other people, under other rules.",
	"fix": "replicate storage and databases to the partner region of the same environment",
}

deny_blueprint contains finding if {
	allowed := input.blueprint.residency
	count(allowed) > 0
	some environment in input.blueprint.environments
	some region in environment.regions
	not region.geography in allowed
	finding := {
		"code": "PL0880",
		"at": sprintf("environments/%s/regions/%s", [environment.name, region.name]),
		"message": sprintf("`%s` is in %s, and data may be in %s", [region.name, known(region), concat(", ", allowed)]),
	}
}

known(region) := region.geography if region.geography != null

known(region) := "an unknown geography" if region.geography == null

deny_blueprint contains finding if {
	some environment in input.blueprint.environments
	own := {account.name | some region in environment.regions; some account in region.storage}
	some region in environment.regions
	some account in region.storage
	account.replica_account != null
	not account.replica_account in own
	finding := {
		"code": "PL0881",
		"at": sprintf("environments/%s/regions/%s/storage/%s", [environment.name, region.name, account.name]),
		"message": sprintf("`%s` is copied to `%s`, which is elsewhere", [account.name, account.replica_account]),
	}
}
