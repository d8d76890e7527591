package plimsoll.policies.recovery_test

import data.plimsoll.policies.recovery

capability(changes) := object.union({"name": "orders", "rto": "10m", "authority": "automatic", "authorised_by": [], "probe": null}, changes)

placement(changes) := object.union(
	{
		"stamp": "erp",
		"leads": true,
		"workloads": [{"kind": "web", "replicas_min": 2, "replicas_max": 4, "replicas_leading": 2}],
		"database": {"version": 17, "parameters": {}, "connections_max": 100, "engine": {"cloud-native-pg": {"source": null}}},
		"gateway": {"peer": "north", "journal_storage": "1GiB", "memory": "1GiB", "cpu_millis": 100},
	},
	changes,
)

standby(changes) := placement(object.union(
	{"leads": false, "database": {"engine": {"cloud-native-pg": {"source": {"region": "west"}}}}, "gateway": {"peer": "west"}},
	changes,
))

plan(west, north, environment, capabilities) := {
	"capabilities": capabilities,
	"environments": [object.union(
		{
			"name": "e",
			"stage": "production",
			"mute": false,
			"watching": {"synthetic": []},
			"stamps": [{"name": "erp", "home": "west", "standby": "north"}],
			"regions": [
				{"name": "west", "posture": "hot", "partner": "north", "placements": west},
				{"name": "north", "posture": "warm", "partner": "west", "placements": north},
			],
		},
		environment,
	)],
}

judged(blueprint) := codes if {
	findings := recovery.deny_blueprint with input as {"blueprint": blueprint}
	codes := {finding.code | some finding in findings}
}

pair(west, north) := judged(plan([placement(west)], [standby(north)], {}, []))

promised(changes) := judged(plan([placement({})], [standby({})], {}, [capability(changes)]))

test_a_good_plan_is_fine if {
	pair({}, {}) == set()
	promised({}) == set()
}

test_readiness if {
	promised({"rto": "30s"}) == {"PL0886"}
	promised({"rto": "5h"}) == set()
}

test_leading_and_following if {
	pair({"leads": false, "database": {"engine": {"cloud-native-pg": {"source": {}}}}}, {}) == {"PL0887"}
	pair({}, {"database": {"engine": {"cloud-native-pg": {"source": null}}}}) == {"PL0887"}
	judged(plan([placement({})], [], {}, [])) == {"PL0887"}
	flexible := {"database": {"engine": {"flexible-server": {"upstream": null}}}}
	"PL0887" in pair({}, flexible)
}

test_likeness if {
	pair({}, {"database": {"version": 16}}) == {"PL0888"}
	pair({}, {"database": {"parameters": {"fsync": "off"}}}) == {"PL0888"}
	pair({}, {"database": {"parameters": {"synchronous_commit": "local"}}}) == set()
	pair({}, {"gateway": {"memory": "2GiB"}}) == {"PL0888"}
	pair({"database": {"engine": {"flexible-server": {"upstream": null}}}}, {}) == {"PL0888"}
	pair({}, {"database": {"engine": "restored-when-needed", "version": 16}, "workloads": []}) == set()
}

test_growth if {
	pair({}, {"workloads": [{"kind": "web", "replicas_min": 1, "replicas_max": 4, "replicas_leading": 1}]}) == {"PL0889"}
	pair({}, {"workloads": []}) == {"PL0889"}
}

scheduler(least, most) := {"kind": "scheduler", "replicas_min": least, "replicas_max": most, "replicas_leading": 1}

web := {"kind": "web", "replicas_min": 2, "replicas_max": 4, "replicas_leading": 2}

test_schedulers if {
	pair({"workloads": [web, scheduler(1, 1)]}, {"workloads": [web, scheduler(0, 1)]}) == set()
	pair({"workloads": [web, scheduler(1, 2)]}, {"workloads": [web, scheduler(0, 1)]}) == {"PL0890"}
	pair({"workloads": [web, scheduler(1, 1)]}, {"workloads": [web, scheduler(1, 1)]}) == {"PL0890"}
}

test_two_journals if pair({"gateway": {"peer": null}}, {}) == {"PL0891"}

test_mute if {
	judged(plan([placement({})], [standby({})], {"stage": "test"}, [])) == {"PL0892"}
	judged(plan([placement({})], [standby({})], {"stage": "test", "mute": true}, [])) == set()
}

test_proof if {
	promised({"probe": "create-order"}) == {"PL0893"}
	checked := {"watching": {"synthetic": [{"capability": "orders"}]}}
	judged(plan([placement({})], [standby({})], checked, [capability({"probe": "create-order"})])) == set()
}

test_authority if {
	promised({"authority": "one-person", "authorised_by": ["erika"]}) == set()
	promised({"authority": "one-person"}) == {"PL0894"}
	promised({"authority": "one-person", "authorised_by": ["erika"], "rto": "2m"}) == {"PL0894"}
}
