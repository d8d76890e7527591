"""References between objects of one cluster: whatever an object names must be there."""

from __future__ import annotations

from typing import Any, Iterator

import pods
import references_operators as operators
import references_traffic as traffic
import references_workloads as workloads
from cluster import BUILT_IN_NAMESPACES, Cluster, Problems
from findings import Finding
from kubernetes_schema import Schemas
from kustomize import Scope
from tree import Tree

CHECK = "references"
_ROUTES = ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute")
_BY_KIND = {
    "Service": workloads.service,
    "ScaledObject": workloads.scaled,
    "HorizontalPodAutoscaler": workloads.scaled,
    "PodDisruptionBudget": workloads.budget,
    "NetworkPolicy": workloads.network_policy,
    "RoleBinding": workloads.binding,
    "ClusterRoleBinding": workloads.binding,
    "ExternalSecret": operators.external_secret,
    "Certificate": operators.certificate,
    "Gateway": traffic.gateway,
    "IngressRoute": traffic.ingress_route,
    "Middleware": traffic.middleware,
    "HelmRelease": operators.helm,
    "Kustomization": operators.flux,
    "ServiceMonitor": operators.monitor,
    "PodMonitor": operators.monitor,
    "Cluster": operators.postgres,
    "ScheduledBackup": operators.of_cluster,
    "Pooler": operators.of_cluster,
    "Database": operators.of_cluster,
    "TriggerAuthentication": operators.trigger,
    "SecretStore": operators.store,
}


def check(schemas: Schemas, scope: Scope, tree: Tree) -> Iterator[Finding]:
    cluster = Cluster(schemas, scope, tree)
    for document in scope.objects:
        for place, message in _problems(cluster, document.data):
            name = (document.data.get("metadata") or {}).get("name", "?")
            line = document.line(place)
            # A built object's lines are those of kubectl's output, which nobody has.
            is_built = document.file.endswith(("kustomization.yaml", "kustomization.yml"))
            yield Finding(document.file, 0 if is_built else line, CHECK, f"{document.data['kind']} {name}: {message}")


def _problems(cluster: Cluster, data: dict[str, Any]) -> Problems:
    kind = data["kind"]
    namespace = cluster.namespace(data)
    is_made = namespace in BUILT_IN_NAMESPACES or cluster.get("Namespace", "", namespace)
    if namespace and cluster.of("Namespace") and not is_made:
        yield ("metadata", "namespace"), f"namespace {namespace} is made nowhere"
    if pods.template(data):
        yield from workloads.workload(cluster, data, namespace)
    if kind in _ROUTES:
        yield from traffic.route(cluster, data, namespace)
    elif kind in _BY_KIND:
        yield from _BY_KIND[kind](cluster, data, namespace)
