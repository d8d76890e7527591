"""What the API server asks of a pod template beyond its schema: everything a pod names must be in the pod."""

from __future__ import annotations

import re
from typing import Any, Iterator

_UNITS = {
    "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip
_TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "ScaledJob": ("spec", "jobTargetRef", "template"),
}
Problems = Iterator[tuple[tuple[Any, ...], str]]


def template(data: dict[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]] | None:
    """Where a workload keeps its pod template, and the template."""
    if data["kind"] == "Pod":
        return (), data
    path = _TEMPLATES.get(data["kind"])
    value: Any = data
    for step in path or ():
        value = value.get(step) if isinstance(value, dict) else None
    return (path, value) if path and isinstance(value, dict) else None


def labels(data: dict[str, Any]) -> dict[str, str]:
    """The labels a workload's pods carry."""
    found = template(data)
    return ((found[1].get("metadata") or {}).get("labels") or {}) if found else {}


def containers(spec: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or []):
            yield (field, index), container


def port_names(data: dict[str, Any]) -> set[Any]:
    """Names and numbers of all ports a workload's pods declare."""
    found = template(data)
    ports = [p for _, c in containers(found[1].get("spec") or {}) for p in c.get("ports") or []] if found else []
    return {port.get("name") for port in ports} | {port.get("containerPort") for port in ports}


def problems(data: dict[str, Any]) -> Problems:
    """What is wrong inside one workload."""
    found = template(data)
    if not found:
        return
    path, pod = found
    spec = pod.get("spec") or {}
    yield from _check_selector(data)
    volumes = [volume["name"] for volume in spec.get("volumes") or []]
    volumes += [(c.get("metadata") or {}).get("name") for c in data["spec"].get("volumeClaimTemplates") or []]
    yield from (((*path, "spec", "volumes"), f"volume {v} is given twice") for v in _twice(volumes))
    names = [container["name"] for _, container in containers(spec)]
    yield from (((*path, "spec", "containers"), f"container {n} is given twice") for n in _twice(names))
    mounted = set()
    for place, container in containers(spec):
        mounted |= {mount["name"] for mount in container.get("volumeMounts") or []}
        for where, message in _check_container(container, set(volumes)):
            yield (*path, "spec", *place, *where), f"container {container['name']}: {message}"
    for unused in sorted(set(filter(None, volumes)) - mounted):
        yield (*path, "spec", "volumes"), f"volume {unused} is mounted by no container"


def _check_selector(data: dict[str, Any]) -> Problems:
    if data["kind"] not in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"):
        return
    wanted = (data["spec"].get("selector") or {}).get("matchLabels") or {}
    for key, value in wanted.items():
        if labels(data).get(key) != value:
            yield ("spec", "selector"), f"the selector asks for {key}={value}, which its own pods do not carry"


def _check_container(container: dict[str, Any], volumes: set[str]) -> Problems:
    paths = []
    for index, mount in enumerate(container.get("volumeMounts") or []):
        paths.append(mount["mountPath"])
        if mount["name"] not in volumes:
            yield ("volumeMounts", index), f"it mounts volume {mount['name']}, which the pod has not"
    yield from ((("volumeMounts",), f"{path} is mounted twice") for path in _twice(paths))
    environment = [entry["name"] for entry in container.get("env") or []]
    yield from ((("env",), f"variable {name} is given twice") for name in _twice(environment))
    ports = container.get("ports") or []
    names = {port.get("name") for port in ports}
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        for how in ("httpGet", "tcpSocket"):
            port = ((container.get(probe) or {}).get(how) or {}).get("port")
            if isinstance(port, str) and port not in names:
                yield (probe, how), f"{probe} asks port {port}, which the container has not"
    resources = container.get("resources") or {}
    for name, wanted in (resources.get("requests") or {}).items():
        limit = (resources.get("limits") or {}).get(name)
        if limit is not None and quantity(wanted) > quantity(limit):
            yield ("resources",), f"it requests {wanted} of {name}, more than its limit of {limit}"


def quantity(value: Any) -> float:
    """A resource quantity as a number; what cannot be read is left to the schema."""
    found = re.fullmatch(r"([0-9.]+)(m|k|M|G|T|Ki|Mi|Gi|Ti|)", str(value))
    return float(found.group(1)) * _UNITS[found.group(2)] if found else 0.0


def _twice(names: list[Any]) -> list[Any]:
    return sorted({name for name in names if name is not None and names.count(name) > 1})
