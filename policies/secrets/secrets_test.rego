package plimsoll.policies.secrets_test

import data.plimsoll.policies.secrets

found(files) := codes if {
	findings := secrets.deny_unit with input as plimsoll.tree(files)
	codes := {finding.code | some finding in findings}
}

test_secrets_are_not_written_out if {
	found({"s.yaml": "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: b}}"}) == {"PL0867"}
	found({"s.yaml": "{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: Yg==}}"}) == {"PL0867"}
	found({"s.yaml": "{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: s}, spec: {}}"}) == set()
}

# Put together here, so that this file holds nothing that looks like a secret itself.
literal := concat("", ["Zx81", "-qqP0", "-77ab"])

test_what_looks_like_a_secret if {
	found({"a.conf": sprintf("x = 1\npassword = %s\n", [literal])}) == {"PL0868"}
	found({"a.conf": "password_file = /run/secrets/password\n"}) == set()
	some finding in secrets.deny_unit with input as plimsoll.tree({"a.conf": sprintf("x = 1\npassword = %s\n", [literal])})
	finding.line == 2
}

pod(variable) := {"p.yaml": sprintf("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, env: [%s]}]}}", [variable])}

test_variables if {
	found(pod("{name: PGPASSWORD, value: erp}")) == {"PL0869"}
	found(pod("{name: PGPASSWORD, valueFrom: {secretKeyRef: {name: s, key: k}}}")) == set()
	found(pod("{name: TOKEN_FILE, value: /run/token}")) == set()
	found(pod("{name: PASSWORDS, value: /run/secrets/passwords}")) == set()
	found(pod("{name: PGHOST, value: db}")) == set()
}
