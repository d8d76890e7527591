# What a pod may do on its node and in its cluster.
package plimsoll.policies.pods

policies["PL0815"] := {
	"title": "Containers are not privileged and cannot become so",
	"severity": "error",
	"why": "A hole in Odoo or in an addon would be a hole in the node, and so in every tenant on it.",
	"fix": "set `allowPrivilegeEscalation: false`, and no `privileged`",
}

policies["PL0816"] := {
	"title": "Pods share nothing with their node",
	"severity": "error",
	"why": "Host networks, processes, ports and paths go around every network policy and every quota.",
	"fix": "remove `hostNetwork`, `hostPID`, `hostIPC`, `hostPort` and `hostPath`; use a volume claim or an `emptyDir`",
}

policies["PL0817"] := {
	"title": "Containers do not run as root",
	"severity": "error",
	"why": "Root in a container is one kernel bug away from root on the node.",
	"fix": "set `runAsNonRoot: true` for the pod or the container",
}

policies["PL0818"] := {
	"title": "Containers cannot change their own files",
	"severity": "error",
	"why": "Whoever breaks in could otherwise stay, in an image that still has the right digest.",
	"fix": "set `readOnlyRootFilesystem: true`, and mount an `emptyDir` where the program must write",
}

policies["PL0819"] := {
	"title": "Containers drop every capability",
	"severity": "error",
	"why": "None of our programs needs one, and each is a way out of the container.",
	"fix": "set `capabilities: {drop: [ALL]}` and add none",
}

policies["PL0820"] := {
	"title": "Containers run with the runtime's seccomp profile",
	"severity": "error",
	"why": "Most kernel bugs are in system calls that no program here makes.",
	"fix": "set `seccompProfile: {type: RuntimeDefault}` for the pod or the container",
}

policies["PL0821"] := {
	"title": "Pods use a service account of their own, and its token only on purpose",
	"severity": "error",
	"why": "The default account's token is in every pod of a namespace: what one of them may do, all may.",
	"fix": "name a `serviceAccountName`, and set `automountServiceAccountToken` to `false`, or to `true` where the program asks the API server",
}

# The container's own setting, or its pod's.
setting(workload, container, name) := object.get(
	object.get(container.spec, "securityContext", {}),
	name,
	object.get(object.get(workload.pod, "securityContext", {}), name, null),
)

deny_unit contains finding if {
	some workload in input.workloads
	some container in workload.containers
	some problem in privileges(object.get(container.spec, "securityContext", {}))
	finding := {"code": "PL0815", "at": container.at, "message": sprintf("the container `%s` %s", [container.name, problem])}
}

privileges(context) := {problem |
	some problem, true in {
		"is privileged": object.get(context, "privileged", false) == true,
		"may get more privileges than it began with": object.get(context, "allowPrivilegeEscalation", true) != false,
	}
}

deny_unit contains finding if {
	some workload in input.workloads
	some name in ["hostNetwork", "hostPID", "hostIPC"]
	workload.pod[name] == true
	finding := {"code": "PL0816", "at": workload.at, "message": sprintf("the pods of `%s` have `%s`", [workload.name, name])}
}

deny_unit contains finding if {
	some workload in input.workloads
	some volume in workload.pod.volumes
	volume.hostPath
	finding := {"code": "PL0816", "at": workload.at, "message": sprintf("the pods of `%s` mount `%s` of their node", [workload.name, volume.hostPath.path])}
}

deny_unit contains finding if {
	some workload in input.workloads
	some container in workload.containers
	some port in container.spec.ports
	port.hostPort
	finding := {"code": "PL0816", "at": container.at, "message": sprintf("the container `%s` takes port %d of its node", [container.name, port.hostPort])}
}

deny_unit contains finding if {
	some workload in input.workloads
	some container in workload.containers
	setting(workload, container, "runAsNonRoot") != true
	finding := {"code": "PL0817", "at": container.at, "message": sprintf("the container `%s` may run as root", [container.name])}
}

deny_unit contains finding if {
	some workload in input.workloads
	some container in workload.containers
	setting(workload, container, "runAsUser") == 0
	finding := {"code": "PL0817", "at": container.at, "message": sprintf("the container `%s` runs as root", [container.name])}
}

deny_unit contains finding if {
	some workload in input.workloads
	some container in workload.containers
	object.get(object.get(container.spec, "securityContext", {}), "readOnlyRootFilesystem", false) != true
	finding := {"code": "PL0818", "at": container.at, "message": sprintf("the container `%s` can change its own files", [container.name])}
}

deny_unit contains finding if {
	some workload in input.workloads
	some container in workload.containers
	capabilities := object.get(object.get(container.spec, "securityContext", {}), "capabilities", {})
	not "ALL" in object.get(capabilities, "drop", [])
	finding := {"code": "PL0819", "at": container.at, "message": sprintf("the container `%s` keeps capabilities", [container.name])}
}

deny_unit contains finding if {
	some workload in input.workloads
	some container in workload.containers
	some capability in container.spec.securityContext.capabilities.add
	finding := {"code": "PL0819", "at": container.at, "message": sprintf("the container `%s` adds the capability `%s`", [container.name, capability])}
}

deny_unit contains finding if {
	some workload in input.workloads
	some container in workload.containers
	profile := setting(workload, container, "seccompProfile")
	not object.get({"profile": profile}, "profile", null) in [{"type": "RuntimeDefault"}]
	not localhost(profile)
	finding := {"code": "PL0820", "at": container.at, "message": sprintf("the container `%s` runs without a seccomp profile", [container.name])}
}

localhost(profile) if profile.type == "Localhost"

deny_unit contains finding if {
	some workload in input.workloads
	object.get(workload.pod, "serviceAccountName", "default") == "default"
	finding := {"code": "PL0821", "at": workload.at, "message": sprintf("the pods of `%s` use the default service account", [workload.name])}
}

deny_unit contains finding if {
	some workload in input.workloads
	not is_boolean(object.get(workload.pod, "automountServiceAccountToken", null))
	finding := {"code": "PL0821", "at": workload.at, "message": sprintf("the pods of `%s` do not say whether they need a token", [workload.name])}
}
