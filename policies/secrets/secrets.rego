# Secrets are in the vault, and nowhere else.
package plimsoll.policies.secrets

import data.plimsoll.lib.kubernetes

policies["PL0867"] := {
	"title": "Kubernetes secrets are not written in files",
	"severity": "error",
	"why": "A file is in Git, in its history, and on every laptop that ever fetched it.",
	"fix": "use an ExternalSecret or a SecretProviderClass that reads the vault",
}

policies["PL0868"] := {
	"title": "No file holds what looks like a secret",
	"severity": "error",
	"why": "Keys, tokens and passwords in rendered files are read by whoever reads the files.",
	"fix": "put it into the vault and name it; if it is no secret, waive this with the reason",
}

policies["PL0869"] := {
	"title": "Containers get secrets as references",
	"severity": "error",
	"why": "A literal in a pod's environment is shown to whoever may look at the pod.",
	"fix": "use `valueFrom.secretKeyRef`, or a mounted file",
}

deny_unit contains finding if {
	some secret in kubernetes.objects("Secret")
	some field in ["data", "stringData"]
	count(object.get(secret.object, field, {})) > 0
	finding := {"code": "PL0867", "at": secret.at, "message": sprintf("the secret `%s` is written out in `%s`", [secret.name, field])}
}

deny_unit contains finding if {
	some file in input.files
	some secret in plimsoll.find_secrets(file.text)
	finding := {"code": "PL0868", "at": file.path, "line": secret.line, "message": sprintf("line %d holds what looks like a %s", [secret.line, secret.kind])}
}

telling := `(?i)(password|passwd|secret|token|api_?key|access_?key|private_?key|credential)`

deny_unit contains finding if {
	some workload in input.workloads
	some container in workload.containers
	some variable in container.spec.env
	regex.match(telling, variable.name)
	not endswith(lower(variable.name), "_file")
	value := object.get(variable, "value", "")
	count(value) > 0

	# Where it is, and not what it is.
	not startswith(value, "/")
	finding := {"code": "PL0869", "at": container.at, "message": sprintf("`%s` is a literal", [variable.name])}
}
