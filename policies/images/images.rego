# Where images come from.
package plimsoll.policies.images

import data.plimsoll.lib.kubernetes

policies["PL0810"] := {
	"title": "Images are pulled by digest",
	"severity": "error",
	"why": "A tag can be moved: what was tested and what runs, or what runs here and in the other region, would differ.",
	"fix": "write `delivery.images` with the digest that the pipeline printed, so that the reference ends in `@sha256:…`",
}

policies["PL0811"] := {
	"title": "Images come from the estate's registry",
	"severity": "error",
	"why": "A public registry that is slow, gone or hostile must not decide whether a region can start.",
	"fix": "copy the image to the estate's registry and pull it from there",
}

policies["PL0812"] := {
	"title": "Images are signed",
	"severity": "error",
	"why": "Whoever can write to the registry could otherwise run anything in production.",
	"fix": "name the identity that signs images in the estate's delivery section",
}

policies["PL0813"] := {
	"title": "Images were scanned lately",
	"severity": "error",
	"why": "Vulnerabilities become known after an image was built.",
	"fix": "scan the image again, and write the day into the estate's delivery section",
}

policies["PL0814"] := {
	"title": "Images of PostgreSQL are pulled by digest",
	"severity": "warning",
	"why": "An instance that is made again tomorrow may run another build than its primary, and another build of the C library sorts text differently.",
	"fix": "make the tag immutable in the registry, and write `imageName` with its digest where you render the cluster yourself",
}

pinned := `@sha256:[0-9a-f]{64}$`

pulled contains {"code": "PL0810", "at": container.at, "image": object.get(container.spec, "image", "")} if {
	some workload in input.workloads
	some container in workload.containers
}

pulled contains {"code": "PL0814", "at": cluster.at, "image": object.get(cluster.object.spec, "imageName", "")} if {
	some cluster in kubernetes.objects("Cluster")
	startswith(cluster.apiVersion, "postgresql.cnpg.io/")
}

deny_unit contains finding if {
	some pull in pulled
	not regex.match(pinned, pull.image)
	finding := {"code": pull.code, "at": pull.at, "message": sprintf("the image `%s` is not named by its digest", [pull.image])}
}

deny_unit contains finding if {
	registry := input.blueprint.delivery.registry
	some pull in pulled
	not startswith(pull.image, concat("", [registry, "/"]))
	finding := {"code": "PL0811", "at": pull.at, "message": sprintf("the image `%s` is not in `%s`", [pull.image, registry])}
}

deny_blueprint contains finding if {
	delivery := input.blueprint.delivery
	delivery.signed_by == null
	finding := {"code": "PL0812", "at": "delivery/signed_by", "message": "nobody signs the images"}
}

deny_blueprint contains finding if {
	some name in ["odoo", "platform"]
	image := input.blueprint.delivery[name]
	image.digest != null
	image.scanned == null
	finding := {"code": "PL0813", "at": sprintf("delivery/%s/scanned", [name]), "message": sprintf("the image `%s` was never scanned", [image.repository])}
}

deny_blueprint contains finding if {
	some name in ["odoo", "platform"]
	image := input.blueprint.delivery[name]
	is_string(image.scanned)
	age := plimsoll.days_between(image.scanned, input.today)
	age * 86400 > plimsoll.seconds(input.blueprint.delivery.scan_age_max)
	finding := {
		"code": "PL0813",
		"at": sprintf("delivery/%s/scanned", [name]),
		"message": sprintf("the image `%s` was scanned %d days ago, and %s are allowed", [image.repository, age, input.blueprint.delivery.scan_age_max]),
	}
}
