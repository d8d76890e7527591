package plimsoll.policies.images_test

import data.plimsoll.policies.images

digest := "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

pod(image) := object.union(
	plimsoll.tree({"p.yaml": sprintf("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: '%s'}]}}", [image])}),
	{"blueprint": {"delivery": {"registry": "registry.example"}}},
)

delivery(changes) := {"today": "2026-11-21", "blueprint": {"delivery": object.union(
	{
		"signed_by": "somebody",
		"scan_age_max": "14d",
		"odoo": {"repository": "odoo", "digest": digest, "scanned": "2026-11-20"},
		"platform": {"repository": "plimsoll", "digest": null, "scanned": null},
	},
	changes,
)}}

codes(findings) := {finding.code | some finding in findings}

test_a_digest_in_our_registry_is_fine if {
	codes(images.deny_unit) == set() with input as pod(concat("@", ["registry.example/odoo", digest]))
}

test_a_tag_is_not_a_digest if {
	codes(images.deny_unit) == {"PL0810"} with input as pod("registry.example/odoo:19.0")
}

test_another_registry_is_not_ours if {
	codes(images.deny_unit) == {"PL0811"} with input as pod(concat("@", ["registry.example.evil/odoo", digest]))
}

test_databases_have_images_too if {
	tree := plimsoll.tree({"c.yaml": "{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: db}, spec: {imageName: 'postgres:17'}}"})
	codes(images.deny_unit) == {"PL0814"} with input as tree
}

test_signed_and_scanned_lately_is_fine if {
	codes(images.deny_blueprint) == set() with input as delivery({})
}

test_nobody_signs if {
	codes(images.deny_blueprint) == {"PL0812"} with input as delivery({"signed_by": null})
}

test_scanned_too_long_ago_or_never if {
	every day in ["2026-11-01", null] {
		changes := {"odoo": {"repository": "odoo", "digest": digest, "scanned": day}}
		codes(images.deny_blueprint) == {"PL0813"} with input as delivery(changes)
	}
}
