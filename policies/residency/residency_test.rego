package plimsoll.policies.residency_test

import data.plimsoll.policies.residency

judged(allowed, geography, replica) := codes if {
	region := {"name": "r", "geography": geography, "storage": [{"name": "own", "replica_account": replica}]}
	findings := residency.deny_blueprint with input as {"blueprint": {"residency": allowed, "environments": [{"name": "e", "regions": [region]}]}}
	codes := {finding.code | some finding in findings}
}

test_geographies if {
	judged(["europe"], "europe", null) == set()
	judged([], "america", null) == set()
	judged(["europe"], "america", null) == {"PL0880"}
	judged(["europe"], null, null) == {"PL0880"}
}

test_copies if {
	judged([], null, "own") == set()
	judged([], null, "other") == {"PL0881"}
}
