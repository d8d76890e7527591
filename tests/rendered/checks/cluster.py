"""One cluster's objects, and what can be referred to in it.

What an operator makes at run time counts as there when the object it makes it from is: a Certificate its secret, an
ExternalSecret its target, a CloudNativePG cluster its services and secrets.
"""

from __future__ import annotations

from typing import Any, Iterator

import pods
from kubernetes_schema import Schemas
from kustomize import Scope
from tree import Tree

Place = tuple[Any, ...]
Problems = Iterator[tuple[Place, str]]
BUILT_IN_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease", "flux-system", "gatekeeper-system")


class Cluster:
    """What can be referred to."""

    def __init__(self, schemas: Schemas, scope: Scope, tree: Tree):
        self.objects = [d.data for d in scope.objects if isinstance(d.data.get("metadata"), dict)]
        # Terraform makes Flux's own source with the extension. Without any Terraform only a part of a tree is looked at.
        stacks = tree.matching(".tf")
        self.flux_by_terraform = not stacks or any(
            "azurerm_kubernetes_flux_configuration" in tree.text(file) for file in stacks
        )
        self.by_key: dict[tuple[str, str, str], dict[str, Any]] = {}
        for data in self.objects:
            namespaced = schemas.is_namespaced(data["apiVersion"], data["kind"])
            self.by_key[
                (data["kind"], self.namespace(data) if namespaced else "", data["metadata"].get("name", ""))
            ] = data
        self.secrets = {key for data in self.objects for key in _secrets_of(data, self.namespace(data))}
        self.services = {key for data in self.objects for key in _services_of(data, self.namespace(data))}

    @staticmethod
    def namespace(data: dict[str, Any]) -> str:
        return data["metadata"].get("namespace") or ""

    def get(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        return self.by_key.get((kind, namespace, name))

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        return [data for data in self.objects if data["kind"] in kinds]

    def pods_with(self, namespace: str, selector: dict[str, Any]) -> list[dict[str, Any]]:
        """Workloads of a namespace whose pods a label selector picks."""
        wanted = selector.get("matchLabels") or {}
        found = [w for w in self.objects if pods.template(w) and self.namespace(w) == namespace]
        return [w for w in found if wanted.items() <= pods.labels(w).items() and _expressions(selector, pods.labels(w))]

    def makes_pods(self, namespace: str, selector: dict[str, Any]) -> bool:
        """Whether a selector picks pods that CloudNativePG makes. Of its labels those with a known value are compared;
        a selector without any of them picks none of its pods."""
        keys = set(selector.get("matchLabels") or {}) | {r["key"] for r in selector.get("matchExpressions") or []}
        if not any(key.startswith("cnpg.io/") for key in keys):
            return False
        made = [
            {"cnpg.io/cluster": o["metadata"]["name"]} for o in self.of("Cluster") if self.namespace(o) == namespace
        ] + [{"cnpg.io/poolerName": o["metadata"]["name"]} for o in self.of("Pooler") if self.namespace(o) == namespace]
        known = {"cnpg.io/cluster", "cnpg.io/poolerName"}
        wanted = {key: value for key, value in (selector.get("matchLabels") or {}).items() if key in known}
        rules = {"matchExpressions": [r for r in selector.get("matchExpressions") or [] if r["key"] in known]}
        return any(wanted.items() <= labels.items() and _expressions(rules, labels) for labels in made)


def _expressions(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    for rule in selector.get("matchExpressions") or []:
        value, values = labels.get(rule["key"]), rule.get("values") or []
        met = {
            "In": value in values, "NotIn": value not in values, "Exists": value is not None, "DoesNotExist": value is None,
        }  # fmt: skip
        if not met.get(rule["operator"], False):
            return False
    return True


def _secrets_of(data: dict[str, Any], namespace: str) -> Iterator[tuple[str, str]]:
    spec, name, kind = data.get("spec") or {}, data["metadata"].get("name", ""), data["kind"]
    if kind == "Secret":
        yield namespace, name
    elif kind == "ExternalSecret":
        yield namespace, (spec.get("target") or {}).get("name") or name
    elif kind == "Certificate":
        yield namespace, spec.get("secretName", "")
    elif kind == "Cluster":
        for suffix in ("app", "superuser", "ca", "server", "replication"):
            yield namespace, f"{name}-{suffix}"
        for role in (spec.get("managed") or {}).get("roles") or []:
            yield namespace, (role.get("passwordSecret") or {}).get("name", "")


def _services_of(data: dict[str, Any], namespace: str) -> Iterator[tuple[str, str]]:
    name, kind = data["metadata"].get("name", ""), data["kind"]
    if kind in ("Service", "Pooler"):
        yield namespace, name
    elif kind == "Cluster":
        for suffix in ("rw", "r", "ro"):
            yield namespace, f"{name}-{suffix}"
        for service in ((data.get("spec") or {}).get("managed") or {}).get("services", {}).get("additional") or []:
            yield namespace, service["serviceTemplate"]["metadata"]["name"]


def need_secret(cluster: Cluster, namespace: str, name: str | None, place: Place) -> Problems:
    if name and (namespace, name) not in cluster.secrets:
        yield place, f"secret {name} is made by nothing in namespace {namespace}"


def need(cluster: Cluster, kind: str, namespace: str, name: str | None, place: Place) -> Problems:
    if name and not cluster.get(kind, namespace, name):
        yield place, f"there is no {kind} {name}" + (f" in namespace {namespace}" if namespace else "")


def need_service(cluster: Cluster, namespace: str, name: str, port: Any, place: Place) -> Problems:
    if (namespace, name) not in cluster.services:
        yield place, f"there is no Service {name} in namespace {namespace}"
        return
    service = cluster.get("Service", namespace, name)
    if service and port is not None and service["spec"].get("type") != "ExternalName":
        ports = service["spec"].get("ports") or []
        if port not in {p.get("port") for p in ports} | {p.get("name") for p in ports}:
            yield place, f"Service {name} has no port {port}"


def need_keys(cluster: Cluster, kind: str, namespace: str, name: str | None, keys: list[str], place: Place) -> Problems:
    """A ConfigMap or secret, and the keys asked of it where they can be known."""
    if kind == "configMap":
        found = cluster.get("ConfigMap", namespace, name or "")
        if found is None and name != "kube-root-ca.crt":
            yield place, f"there is no ConfigMap {name} in namespace {namespace}"
        known = set(found.get("data") or {}) | set(found.get("binaryData") or {}) if found else None
    else:
        yield from need_secret(cluster, namespace, name, place)
        known = _secret_keys(cluster, namespace, name or "")
    for key in keys:
        if known is not None and key not in known:
            yield place, f"{kind} {name} has no key {key}"


def _secret_keys(cluster: Cluster, namespace: str, name: str) -> set[str] | None:
    plain = cluster.get("Secret", namespace, name)
    if plain:
        return set(plain.get("data") or {}) | set(plain.get("stringData") or {})
    for data in cluster.of("ExternalSecret"):
        spec = data["spec"]
        target = spec.get("target") or {}
        if cluster.namespace(data) == namespace and (target.get("name") or data["metadata"]["name"]) == name:
            if spec.get("dataFrom"):
                return None
            made = ((target.get("template") or {}).get("data")) or {}
            return set(made) or {entry["secretKey"] for entry in spec.get("data") or []}
    for data in cluster.of("Certificate"):
        if cluster.namespace(data) == namespace and data["spec"].get("secretName") == name:
            return {"tls.crt", "tls.key", "ca.crt"}
    return None
