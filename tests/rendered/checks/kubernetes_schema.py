"""Schemas of Kubernetes kinds, as strict as an API server asked for `fieldValidation=Strict`.

Core kinds come from the package kubernetes-validate, custom ones from `schemas/crd-schemas.json.gz`, with the
rules in CEL that those carry.
"""

from __future__ import annotations

import functools
import gzip
import importlib.resources
import json
import pathlib
from typing import Any, Iterator

import crd_rules
import jsonschema
import referencing

from findings import CannotCheck

_CUSTOM = pathlib.Path(__file__).resolve().parent.parent / "schemas" / "crd-schemas.json.gz"
# Core groups have no dot, or end in this one.
_CORE = ".k8s.io"
_CLUSTER_WIDE = {
    "APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "CSIDriver", "CSINode",
    "CustomResourceDefinition", "FlowSchema", "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node",
    "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass",
    "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
    "VolumeAttachment",
}  # fmt: skip
_METADATA = {"name", "namespace", "labels", "annotations", "finalizers", "ownerReferences", "generateName"}


class Schemas:
    """Everything that can be validated, for one version of Kubernetes."""

    def __init__(self, version: str):
        base = importlib.resources.files("kubernetes_validate") / "kubernetes-json-schema"
        self._core = pathlib.Path(str(base)) / f"v{version}.0-local-strict"
        if not self._core.is_dir():
            raise CannotCheck(f"there are no schemas of Kubernetes {version}")
        self._custom = json.loads(gzip.decompress(_CUSTOM.read_bytes()))

    @functools.cached_property
    def _registry(self) -> referencing.Registry:
        definitions = json.loads((self._core / "_definitions.json").read_text())
        return referencing.Resource.from_contents(definitions) @ referencing.Registry()

    @functools.cache  # noqa: B019  one object of this class lives as long as the program
    def _validator(self, api_version: str, kind: str) -> Any:
        custom = self._custom.get(f"{api_version}/{kind}")
        if custom:
            schema = _strict(custom["schema"])
            schema.setdefault("properties", {}).update({"apiVersion": {}, "kind": {}, "metadata": {}, "status": {}})
            return jsonschema.Draft202012Validator(schema)
        group, _, version = api_version.rpartition("/")
        if group and "." in group and not group.endswith(_CORE):
            return None
        name = "-".join(part for part in (kind.lower(), group.split(".")[0], version) if part)
        path = self._core / f"{name}.json"
        if not path.is_file():
            return None
        return jsonschema.Draft202012Validator(json.loads(path.read_text()), registry=self._registry)

    def is_namespaced(self, api_version: str, kind: str) -> bool:
        custom = self._custom.get(f"{api_version}/{kind}")
        return custom["scope"] == "Namespaced" if custom else kind not in _CLUSTER_WIDE

    def rules_beyond_us(self) -> list[str]:
        """Rules that cannot even be compiled here: none may be left out in silence."""
        rules = {rule for entry in self._custom.values() for rule in crd_rules.all_rules(entry["schema"])}
        return sorted(rule for rule in rules if not _compiles(rule))

    def problems(self, data: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], str]]:
        """What is wrong with one object: where, and what."""
        validator = self._validator(data["apiVersion"], data["kind"])
        if validator is None:
            yield ("kind",), f"there is no schema of {data['apiVersion']} {data['kind']}"
            return
        errors = list(validator.iter_errors(data))
        for error in errors:
            yield tuple(error.absolute_path), _said(error)
        custom = self._custom.get(f"{data['apiVersion']}/{data['kind']}")
        if custom and not errors:
            # A rule may rely on the shape, so it is asked only of objects that have it.
            yield from crd_rules.problems(custom["schema"], crd_rules.with_defaults(custom["schema"], data))
        metadata = data.get("metadata")
        if not isinstance(metadata, dict) or not (metadata.get("name") or metadata.get("generateName")):
            yield ("metadata",), "an object without a name"
            return
        for field in sorted(set(metadata) - _METADATA):
            yield ("metadata", field), f"metadata.{field} is not for people to set"
        for field in ("labels", "annotations"):
            for key, value in (metadata.get(field) or {}).items():
                if not isinstance(value, str):
                    yield ("metadata", field, key), f"{key} must be text, and this is {json.dumps(value)}"


def _compiles(rule: str) -> bool:
    try:
        crd_rules.compiled(rule)
    except ValueError:
        return False
    return True


def _said(error: jsonschema.ValidationError) -> str:
    """The message, and for a choice between shapes that of the shape that came nearest."""
    nearest = jsonschema.exceptions.best_match(error.context) if error.context else None
    place = ".".join(map(str, error.absolute_path)) or "the object"
    return f"{place}: {(nearest or error).message[:300]}"


def _strict(schema: Any) -> Any:
    """A CRD's schema as the API server applies it: unknown fields refused, defaults filled in first."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {}
    for key, value in schema.items():
        if key == "properties":
            result[key] = {name: _strict(inner) for name, inner in value.items()}
        elif key not in ("default", "enum", "required", "example"):
            result[key] = _strict(value)
        elif key != "default":
            result[key] = value
    if result.pop("x-kubernetes-int-or-string", False):
        result.pop("anyOf", None)
        result["type"] = ["integer", "string"]
    if result.pop("nullable", False) and isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
    properties = schema.get("properties")
    if isinstance(properties, dict):
        if "required" in result:
            result["required"] = [n for n in result["required"] if "default" not in properties.get(n, {})]
        is_open = result.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in result
        if schema.get("type") == "object" and not is_open:
            result["additionalProperties"] = False
            if schema.get("x-kubernetes-embedded-resource"):
                for name in ("apiVersion", "kind", "metadata"):
                    result["properties"].setdefault(name, {})
    return result
