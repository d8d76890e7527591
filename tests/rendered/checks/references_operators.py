"""References of operators' objects: secrets, certificates, Flux, monitors, databases."""

from __future__ import annotations

from typing import Any

from cluster import Cluster, Problems, need, need_keys, need_secret


def external_secret(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    ref = data["spec"].get("secretStoreRef") or {}
    kind = ref.get("kind", "SecretStore")
    yield from need(
        cluster, kind, "" if kind == "ClusterSecretStore" else namespace, ref.get("name"), ("spec", "secretStoreRef")
    )


def store(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    for provider in (data["spec"].get("provider") or {}).values():
        ref = provider.get("serviceAccountRef") or {}
        yield from need(
            cluster, "ServiceAccount", ref.get("namespace") or namespace, ref.get("name"), ("spec", "provider")
        )


def certificate(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    ref = data["spec"].get("issuerRef") or {}
    kind = ref.get("kind", "Issuer")
    yield from need(cluster, kind, "" if kind == "ClusterIssuer" else namespace, ref.get("name"), ("spec", "issuerRef"))


def trigger(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    for ref in data["spec"].get("secretTargetRef") or []:
        yield from need_keys(cluster, "secret", namespace, ref["name"], [ref["key"]], ("spec", "secretTargetRef"))


def helm(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    spec = data["spec"]
    for ref in (((spec.get("chart") or {}).get("spec") or {}).get("sourceRef"), spec.get("chartRef")):
        if ref:
            yield from need(cluster, ref["kind"], ref.get("namespace") or namespace, ref["name"], ("spec",))
    for ref in spec.get("dependsOn") or []:
        yield from need(cluster, "HelmRelease", ref.get("namespace") or namespace, ref["name"], ("spec", "dependsOn"))
    for ref in spec.get("valuesFrom") or []:
        if not ref.get("optional"):
            kind = "configMap" if ref["kind"] == "ConfigMap" else "secret"
            yield from need_keys(cluster, kind, namespace, ref["name"], [], ("spec", "valuesFrom"))


def flux(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    spec = data["spec"]
    ref = spec.get("sourceRef") or {}
    if not cluster.flux_by_terraform:
        yield from need(
            cluster,
            ref.get("kind", "GitRepository"),
            ref.get("namespace") or namespace,
            ref.get("name"),
            ("spec", "sourceRef"),
        )
    for other in spec.get("dependsOn") or []:
        yield from need(
            cluster, "Kustomization", other.get("namespace") or namespace, other["name"], ("spec", "dependsOn")
        )
    for health in spec.get("healthChecks") or []:
        at = ("spec", "healthChecks")
        yield from need(cluster, health["kind"], health.get("namespace") or namespace, health["name"], at)


def monitor(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    chosen = data["spec"].get("namespaceSelector") or {}
    spaces = chosen.get("matchNames") or [namespace]
    selector = data["spec"].get("selector") or {}
    if chosen.get("any"):
        spaces = sorted({cluster.namespace(o) for o in cluster.objects})
    if data["kind"] == "PodMonitor":
        made = any(cluster.makes_pods(space, selector) for space in spaces)
        if not made and not any(cluster.pods_with(space, selector) for space in spaces):
            yield ("spec", "selector"), "the selector picks no workload's pods"
        return
    wanted = (selector.get("matchLabels") or {}).items()
    services = [s for s in cluster.of("Service") if cluster.namespace(s) in spaces]
    services = [s for s in services if wanted <= (s["metadata"].get("labels") or {}).items()]
    if not services:
        yield ("spec", "selector"), "the selector picks no Service"
    for index, endpoint in enumerate(data["spec"].get("endpoints") or []):
        for service in services:
            names = {port.get("name") for port in service["spec"].get("ports") or []}
            if endpoint.get("port") and endpoint["port"] not in names:
                yield (
                    ("spec", "endpoints", index),
                    f"Service {service['metadata']['name']} has no port {endpoint['port']}",
                )


def postgres(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    if not data["apiVersion"].startswith("postgresql.cnpg.io/"):
        return
    spec = data["spec"]
    sources = {source["name"]: source for source in spec.get("externalClusters") or []}
    for plugin, at in [(p, ("spec", "plugins")) for p in spec.get("plugins") or []] + [
        (s["plugin"], ("spec", "externalClusters")) for s in sources.values() if s.get("plugin")
    ]:
        store = (plugin.get("parameters") or {}).get("barmanObjectName")
        yield from need(cluster, "ObjectStore", namespace, store, at)
    bootstrap = spec.get("bootstrap") or {}
    for how in ("recovery", "pg_basebackup"):
        source = (bootstrap.get(how) or {}).get("source")
        if source and source not in sources:
            yield ("spec", "bootstrap"), f"externalClusters has no {source}"
    replica = spec.get("replica") or {}
    if replica.get("source") and replica["source"] not in sources:
        yield ("spec", "replica"), f"externalClusters has no {replica['source']}"
    yield from need_secret(
        cluster, namespace, (spec.get("superuserSecret") or {}).get("name"), ("spec", "superuserSecret")
    )
    for how in bootstrap.values():
        name = (how.get("secret") or {}).get("name") if isinstance(how, dict) else None
        yield from need_secret(cluster, namespace, name, ("spec", "bootstrap"))
    for source in sources.values():
        for field in ("password", "sslKey", "sslCert", "sslRootCert"):
            yield from need_secret(
                cluster, namespace, (source.get(field) or {}).get("name"), ("spec", "externalClusters")
            )


def of_cluster(cluster: Cluster, data: dict[str, Any], namespace: str) -> Problems:
    name = (data["spec"].get("cluster") or {}).get("name")
    yield from need(cluster, "Cluster", namespace, name, ("spec", "cluster"))
