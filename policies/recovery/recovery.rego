# The other region can take over, and meets the same rules.
package plimsoll.policies.recovery

policies["PL0886"] := {
	"title": "The standby is ready enough for what was promised",
	"severity": "error",
	"why": "A region that is built when it is needed takes hours, and capacity may be gone when everybody else needs it too.",
	"fix": "make the standby region hot for recovery within a minute, warm within an hour, or promise more time",
}

policies["PL0887"] := {
	"title": "A stamp leads in one region, and its standby follows",
	"severity": "error",
	"why": "Two that lead accept writes that cannot be put together again; a standby that follows nobody has no data.",
	"fix": "place the stamp in its home and its standby region, leading at home only, and let the standby's database replicate from it",
}

policies["PL0888"] := {
	"title": "The standby is like the active region",
	"severity": "error",
	"why": "Another version or another parameter behaves differently on the one day when nobody has time to find out why.",
	"fix": "give both placements the same PostgreSQL version, engine and parameters, and the same gateway",
}

policies["PL0889"] := {
	"title": "The standby grows to what the business needs",
	"severity": "error",
	"why": "A recovered region that is too small fails again under the first wave.",
	"fix": "let `replicas_leading` of every class of work be at least what the active region runs at least",
}

policies["PL0890"] := {
	"title": "Scheduled jobs run in one place",
	"severity": "error",
	"why": "Two schedulers invoice twice.",
	"fix": "run one scheduler where the stamp leads, and none elsewhere",
}

policies["PL0891"] := {
	"title": "The journal has a copy in the other region",
	"severity": "error",
	"why": "No acknowledged message is lost because it is on two disks in two regions before the partner hears of it.",
	"fix": "give the gateway its peer in the partner region",
}

policies["PL0892"] := {
	"title": "Whatever is not production is mute",
	"severity": "error",
	"why": "A restored copy that is not mute sends real mail, real orders and real labels.",
	"fix": "set `mute` for every environment but production",
}

policies["PL0893"] := {
	"title": "Every capability that can be proven is proven all the time",
	"severity": "error",
	"why": "What nobody tries is found broken by customers.",
	"fix": "add a synthetic check for the capability to production",
}

policies["PL0894"] := {
	"title": "A failover never has to wait for somebody who is asleep",
	"severity": "error",
	"why": "A promise of minutes that needs a person can only be kept while that person answers.",
	"fix": "name the people who authorise, or let recovery within five minutes be automatic",
}

production contains environment if {
	some environment in input.blueprint.environments
	environment.stage == "production"
}

# Regions by environment and name, and placements by environment and stamp, then region.
regions[key] := region if {
	some environment in input.blueprint.environments
	some region in environment.regions
	key := concat("/", [environment.name, region.name])
}

placed[key] := places if {
	some environment in input.blueprint.environments
	some stamp in environment.stamps
	key := concat("/", [environment.name, stamp.name])
	places := {region.name: placement |
		some region in environment.regions
		some placement in region.placements
		placement.stamp == stamp.name
	}
}

needed(seconds) := {"hot"} if seconds < 60

needed(seconds) := {"hot", "warm"} if {
	seconds >= 60
	seconds < 3600
}

deny_blueprint contains finding if {
	some environment in production
	some stamp in environment.stamps
	stamp.standby != null
	region := regions[concat("/", [environment.name, stamp.standby])]
	some capability in input.blueprint.capabilities
	postures := needed(plimsoll.seconds(capability.rto))
	not region.posture in postures
	finding := {
		"code": "PL0886",
		"at": sprintf("environments/%s/regions/%s/posture", [environment.name, region.name]),
		"message": sprintf("`%s` promises to be back within %s, and `%s` is %s", [capability.name, capability.rto, region.name, region.posture]),
	}
}

deny_blueprint contains finding if {
	some environment in input.blueprint.environments
	some stamp in environment.stamps
	leading := {name | some name, placement in placed[concat("/", [environment.name, stamp.name])]; placement.leads}
	leading != {stamp.home}
	finding := {
		"code": "PL0887",
		"at": sprintf("environments/%s/stamps/%s", [environment.name, stamp.name]),
		"message": sprintf("`%s` leads in %v, and its home is `%s`", [stamp.name, leading, stamp.home]),
	}
}

deny_blueprint contains finding if {
	some environment in input.blueprint.environments
	some stamp in environment.stamps
	stamp.standby != null
	object.get(object.get(placed, concat("/", [environment.name, stamp.name]), {}), stamp.standby, null) == null
	finding := {
		"code": "PL0887",
		"at": sprintf("environments/%s/stamps/%s", [environment.name, stamp.name]),
		"message": sprintf("`%s` is not placed in its standby region `%s`", [stamp.name, stamp.standby]),
	}
}

deny_blueprint contains finding if {
	some environment in input.blueprint.environments
	some stamp in environment.stamps
	some name, placement in placed[concat("/", [environment.name, stamp.name])]
	not placement.leads
	follows_nobody(placement.database.engine)
	finding := {
		"code": "PL0887",
		"at": sprintf("environments/%s/regions/%s/placements/%s", [environment.name, name, stamp.name]),
		"message": sprintf("the database of `%s` in `%s` follows nobody", [stamp.name, name]),
	}
}

follows_nobody(engine) if engine["flexible-server"].upstream == null

follows_nobody(engine) if engine["cloud-native-pg"].source == null

# A pair of placements of one stamp: the one that leads, and the other.
pairs contains pair if {
	some environment in input.blueprint.environments
	some stamp in environment.stamps
	some here, leading in placed[concat("/", [environment.name, stamp.name])]
	leading.leads
	some there, standby in placed[concat("/", [environment.name, stamp.name])]
	there != here
	standby.database.engine != "restored-when-needed"
	pair := {
		"at": sprintf("environments/%s/regions/%s/placements/%s", [environment.name, there, stamp.name]),
		"stamp": stamp.name,
		"leading": leading,
		"standby": standby,
		"posture": regions[concat("/", [environment.name, there])].posture,
	}
}

deny_blueprint contains finding if {
	some pair in pairs
	some field in ["version", "connections_max"]
	pair.leading.database[field] != pair.standby.database[field]
	finding := {"code": "PL0888", "at": pair.at, "message": sprintf("the databases of `%s` differ in `%s`", [pair.stamp, field])}
}

# Whom a commit waits for follows from who leads.
of_the_role := ["synchronous_commit", "synchronous_standby_names"]

deny_blueprint contains finding if {
	some pair in pairs
	leading := object.remove(pair.leading.database.parameters, of_the_role)
	standby := object.remove(pair.standby.database.parameters, of_the_role)
	differing := {name |
		some name in object.keys(object.union(leading, standby))
		object.get(leading, name, null) != object.get(standby, name, null)
	}
	count(differing) > 0
	finding := {
		"code": "PL0888",
		"at": pair.at,
		"message": sprintf("the databases of `%s` differ in %s", [pair.stamp, concat(", ", sort(differing))]),
	}
}

deny_blueprint contains finding if {
	some pair in pairs
	kinds := {kind | some kind, _ in pair.leading.database.engine}
	others := {kind | some kind, _ in pair.standby.database.engine}
	kinds != others
	finding := {"code": "PL0888", "at": pair.at, "message": sprintf("the databases of `%s` are run by %v and by %v", [pair.stamp, kinds, others])}
}

deny_blueprint contains finding if {
	some pair in pairs
	some field in ["journal_storage", "memory", "cpu_millis"]
	pair.leading.gateway[field] != pair.standby.gateway[field]
	finding := {"code": "PL0888", "at": pair.at, "message": sprintf("the gateways of `%s` differ in `%s`", [pair.stamp, field])}
}

deny_blueprint contains finding if {
	some pair in pairs
	some active in pair.leading.workloads
	growing := [workload.replicas_leading | some workload in pair.standby.workloads; workload.kind == active.kind]
	max(array.concat([0], growing)) < active.replicas_min
	finding := {
		"code": "PL0889",
		"at": pair.at,
		"message": sprintf("`%s` grows to %d of `%s`, and %d run now", [pair.stamp, max(array.concat([0], growing)), active.kind, active.replicas_min]),
	}
}

deny_blueprint contains finding if {
	some key, places in placed
	some name, placement in places
	some workload in placement.workloads
	workload.kind == "scheduler"
	some problem in {text |
		some text, true in {
			"more than one scheduler": workload.replicas_max > 1,
			"a scheduler where it does not lead": idle_scheduler(placement, workload),
		}
	}
	finding := {
		"code": "PL0890",
		"at": sprintf("environments/%s/regions/%s/placements/%s", [split(key, "/")[0], name, placement.stamp]),
		"message": sprintf("`%s` has %s", [placement.stamp, problem]),
	}
}

idle_scheduler(placement, workload) if {
	not placement.leads
	workload.replicas_min > 0
} else := false

deny_blueprint contains finding if {
	some key, places in placed
	some name, placement in places
	region := regions[concat("/", [split(key, "/")[0], name])]
	region.partner != null
	placement.gateway.peer != region.partner
	count(places) > 1
	finding := {
		"code": "PL0891",
		"at": sprintf("environments/%s/regions/%s/placements/%s/gateway", [split(key, "/")[0], name, placement.stamp]),
		"message": sprintf("the journal of `%s` in `%s` has no copy in `%s`", [placement.stamp, name, region.partner]),
	}
}

deny_blueprint contains finding if {
	some environment in input.blueprint.environments
	environment.stage != "production"
	environment.mute != true
	finding := {"code": "PL0892", "at": sprintf("environments/%s/mute", [environment.name]), "message": sprintf("`%s` may speak to partners", [environment.name])}
}

deny_blueprint contains finding if {
	some environment in production
	some capability in input.blueprint.capabilities
	capability.probe != null
	checked := {check.capability | some check in environment.watching.synthetic}
	not capability.name in checked
	finding := {
		"code": "PL0893",
		"at": sprintf("environments/%s/watching/synthetic/%s", [environment.name, capability.name]),
		"message": sprintf("nobody tries `%s`", [capability.name]),
	}
}

deny_blueprint contains finding if {
	some capability in input.blueprint.capabilities
	capability.authority != "automatic"
	some problem in {text |
		some text, true in {
			sprintf("within %s by the decision of people", [capability.rto]): plimsoll.seconds(capability.rto) < 300,
			"by the decision of nobody in particular": count(capability.authorised_by) == 0,
		}
	}
	finding := {"code": "PL0894", "at": sprintf("capabilities/%s", [capability.name]), "message": sprintf("`%s` recovers %s", [capability.name, problem])}
}
