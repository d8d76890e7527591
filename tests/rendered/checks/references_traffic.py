"""References of what leads traffic: gateways, routes, middlewares."""

from __future__ import annotations

from typing import Any

from cluster import Cluster, Problems, need, need_secret, need_service


def route(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    spec = data["spec"]
    for index, parent in enumerate(spec.get("parentRefs") or []):
        at = ("spec", "parentRefs", index)
        theirs = parent.get("namespace") or namespace
        gateway = cluster.get("Gateway", theirs, parent["name"])
        yield from need(cluster, "Gateway", theirs, parent["name"], at)
        section = parent.get("sectionName")
        if gateway and section and section not in {x["name"] for x in gateway["spec"].get("listeners") or []}:
            yield at, f"Gateway {parent['name']} has no listener {section}"
    for index, rule in enumerate(spec.get("rules") or []):
        at = ("spec", "rules", index)
        for backend in rule.get("backendRefs") or []:
            theirs = backend.get("namespace") or namespace
            if backend.get("kind", "Service") == "Service":
                yield from need_service(cluster, theirs, backend["name"], backend.get("port"), at)
            elif not _built_in(backend):
                yield from need(cluster, backend["kind"], theirs, backend["name"], at)
            if theirs != namespace and not _granted(cluster, data["kind"], namespace, theirs):
                yield at, f"no ReferenceGrant lets {data['kind']}s of {namespace} use Services of {theirs}"
        for filtered in rule.get("filters") or []:
            ref = filtered.get("extensionRef") or {}
            if ref:
                yield from need(cluster, ref["kind"], namespace, ref["name"], at)


# What Traefik answers by itself, with a fixed set of names.
BUILT_IN = {"api@internal", "dashboard@internal", "noop@internal", "ping@internal", "prometheus@internal", "rest@internal"}


def _built_in(reference: dict[str, Any]) -> bool:
    return reference.get("kind") == "TraefikService" and reference["name"] in BUILT_IN


def _granted(cluster: Cluster, kind: str, source: str, target: str) -> bool:
    for grant in cluster.of("ReferenceGrant"):
        allowed = {(entry["kind"], entry["namespace"]) for entry in grant["spec"].get("from") or []}
        if cluster.namespace(grant) == target and (kind, source) in allowed:
            return True
    return False


def gateway(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    if cluster.of("GatewayClass"):
        yield from need(cluster, "GatewayClass", "", data["spec"].get("gatewayClassName"), ("spec", "gatewayClassName"))
    issued = any("cert-manager.io/" in key for key in data["metadata"].get("annotations") or {})
    for index, listener in enumerate(data["spec"].get("listeners") or []):
        for ref in (listener.get("tls") or {}).get("certificateRefs") or []:
            if not issued and ref.get("kind", "Secret") == "Secret":
                at = ("spec", "listeners", index)
                yield from need_secret(cluster, ref.get("namespace") or namespace, ref["name"], at)


def ingress_route(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    for index, route in enumerate(data["spec"].get("routes") or []):
        at = ("spec", "routes", index)
        for service in route.get("services") or []:
            theirs = service.get("namespace") or namespace
            if service.get("kind", "Service") == "TraefikService":
                if not _built_in(service):
                    yield from need(cluster, "TraefikService", theirs, service["name"], at)
            else:
                yield from need_service(cluster, theirs, service["name"], service.get("port"), at)
        for ref in route.get("middlewares") or []:
            yield from need(cluster, "Middleware", ref.get("namespace") or namespace, ref["name"], at)
    tls = data["spec"].get("tls") or {}
    yield from need_secret(cluster, namespace, tls.get("secretName"), ("spec", "tls"))
    options = tls.get("options") or {}
    yield from need(cluster, "TLSOption", options.get("namespace") or namespace, options.get("name"), ("spec", "tls"))


def middleware(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    spec = data["spec"]
    for ref in (spec.get("chain") or {}).get("middlewares") or []:
        yield from need(cluster, "Middleware", ref.get("namespace") or namespace, ref["name"], ("spec", "chain"))
    service = (spec.get("errors") or {}).get("service")
    if service:
        theirs = service.get("namespace") or namespace
        yield from need_service(cluster, theirs, service["name"], service.get("port"), ("spec", "errors"))
    for kind in ("basicAuth", "digestAuth"):
        yield from need_secret(cluster, namespace, (spec.get(kind) or {}).get("secret"), ("spec", kind))
