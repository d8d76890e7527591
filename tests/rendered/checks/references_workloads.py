"""References of workloads, and of what runs, scales, protects and admits them."""

from __future__ import annotations

import fnmatch
from typing import Any

import pods
from cluster import BUILT_IN_NAMESPACES, Cluster, Problems, need, need_keys, need_secret, need_service

_BUILT_IN_ROLES = ("view", "edit", "admin", "cluster-admin", "system:*")
_BUILT_IN_PRIORITIES = ("system-cluster-critical", "system-node-critical")


def workload(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    path, pod = pods.template(data)  # type: ignore[misc]
    spec, at = pod.get("spec") or {}, (*path, "spec")
    account = spec.get("serviceAccountName")
    if account != "default":
        yield from need(cluster, "ServiceAccount", namespace, account, (*at, "serviceAccountName"))
    priority = spec.get("priorityClassName")
    if priority not in _BUILT_IN_PRIORITIES:
        yield from need(cluster, "PriorityClass", "", priority, (*at, "priorityClassName"))
    for secret in spec.get("imagePullSecrets") or []:
        yield from need_secret(cluster, namespace, secret.get("name"), (*at, "imagePullSecrets"))
    claims = {(c.get("metadata") or {}).get("name") for c in data["spec"].get("volumeClaimTemplates") or []}
    for index, volume in enumerate(spec.get("volumes") or []):
        for place, message in _volume(cluster, namespace, volume):
            yield (*at, "volumes", index, *place), f"volume {volume['name']}: {message}"
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim not in claims:
            yield from need(cluster, "PersistentVolumeClaim", namespace, claim, (*at, "volumes", index))
    for where, container in pods.containers(spec):
        for place, message in _environment(cluster, namespace, container):
            yield (*at, *where, *place), f"container {container['name']}: {message}"
    if data["kind"] == "StatefulSet" and data["spec"].get("serviceName"):
        yield from need_service(cluster, namespace, data["spec"]["serviceName"], None, ("spec", "serviceName"))


def _volume(cluster: Cluster, namespace: str, volume: dict[str, Any]) -> Problems:
    projected = (volume.get("projected") or {}).get("sources") or []
    for place, source in [((), volume)] + [(("projected", "sources", n), s) for n, s in enumerate(projected)]:
        for field, name in (("configMap", "name"), ("secret", "secretName" if source is volume else "name")):
            entry = source.get(field) or {}
            if entry and not entry.get("optional"):
                keys = [item["key"] for item in entry.get("items") or []]
                yield from need_keys(cluster, field, namespace, entry.get(name), keys, (*place, field))


def _environment(cluster: Cluster, namespace: str, container: dict[str, Any]) -> Problems:
    for index, entry in enumerate(container.get("env") or []):
        source = entry.get("valueFrom") or {}
        for field in ("configMapKeyRef", "secretKeyRef"):
            ref = source.get(field)
            if ref and not ref.get("optional"):
                kind = field.removesuffix("KeyRef")
                yield from need_keys(cluster, kind, namespace, ref.get("name"), [ref["key"]], ("env", index))
    for index, entry in enumerate(container.get("envFrom") or []):
        for field in ("configMapRef", "secretRef"):
            ref = entry.get(field)
            if ref and not ref.get("optional"):
                yield from need_keys(
                    cluster, field.removesuffix("Ref"), namespace, ref.get("name"), [], ("envFrom", index)
                )


def service(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    selector = data["spec"].get("selector")
    if not selector or cluster.makes_pods(namespace, {"matchLabels": selector}):
        return
    workloads = cluster.pods_with(namespace, {"matchLabels": selector})
    if not workloads:
        yield ("spec", "selector"), "the selector picks no workload's pods"
        return
    for index, port in enumerate(data["spec"].get("ports") or []):
        target = port.get("targetPort", port.get("port"))
        for workload in workloads:
            if target not in pods.port_names(workload):
                name = workload["metadata"]["name"]
                yield ("spec", "ports", index), f"it sends to port {target}, which {workload['kind']} {name} has not"


def scaled(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    ref = data["spec"].get("scaleTargetRef") or {}
    kind, name = ref.get("kind", "Deployment"), ref.get("name")
    yield from need(cluster, kind, namespace, name, ("spec", "scaleTargetRef"))
    others = [o for o in cluster.of("ScaledObject", "HorizontalPodAutoscaler") if o is not data]
    for other in others:
        theirs = other["spec"].get("scaleTargetRef") or {}
        if cluster.namespace(other) == namespace and (theirs.get("kind", "Deployment"), theirs.get("name")) == (
            kind,
            name,
        ):
            yield ("spec", "scaleTargetRef"), f"{other['kind']} {other['metadata']['name']} scales {kind} {name} too"
    for index, trigger in enumerate(data["spec"].get("triggers") or []):
        auth = trigger.get("authenticationRef") or {}
        wide = auth.get("kind") == "ClusterTriggerAuthentication"
        at = ("spec", "triggers", index)
        yield from need(
            cluster, auth.get("kind", "TriggerAuthentication"), "" if wide else namespace, auth.get("name"), at
        )


def budget(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    selector = data["spec"].get("selector") or {}
    if cluster.makes_pods(namespace, selector):
        return
    workloads = cluster.pods_with(namespace, selector)
    if not workloads:
        yield ("spec", "selector"), "the selector picks no workload's pods"
    least = data["spec"].get("minAvailable")
    for workload in workloads:
        if isinstance(least, int) and workload["kind"] in ("Deployment", "StatefulSet"):
            scaled = any(
                (s["spec"].get("scaleTargetRef") or {}).get("name") == workload["metadata"]["name"]
                for s in cluster.of("ScaledObject", "HorizontalPodAutoscaler")
            )
            if not scaled and 0 < workload["spec"].get("replicas", 1) <= least:
                yield ("spec", "minAvailable"), f"with {least} of {least} needed no node can ever be drained"


def network_policy(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    selector = data["spec"].get("podSelector") or {}
    if selector and not cluster.makes_pods(namespace, selector) and not cluster.pods_with(namespace, selector):
        yield ("spec", "podSelector"), "the selector picks no workload's pods"


def binding(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    ref = data["roleRef"]
    if not any(fnmatch.fnmatch(ref["name"], pattern) for pattern in _BUILT_IN_ROLES):
        yield from need(cluster, ref["kind"], namespace if ref["kind"] == "Role" else "", ref["name"], ("roleRef",))
    for index, subject in enumerate(data.get("subjects") or []):
        if subject["kind"] == "ServiceAccount":
            theirs = subject.get("namespace") or namespace
            if theirs not in BUILT_IN_NAMESPACES:
                yield from need(cluster, "ServiceAccount", theirs, subject["name"], ("subjects", index))
