"""Kubernetes: every object against its schema, every kustomization built, every reference followed.

Objects are checked as written, which gives positions, and as built, which is what a cluster gets.
"""

from __future__ import annotations

import functools
import json
from typing import Iterator

import pods
import references
from findings import Counts, Finding
from kubernetes_schema import Schemas
from kustomize import Kustomizations, Scope, is_object
from tree import Document, Tree

CHECK = "kubernetes"
_KUSTOMIZE_GROUP = "kustomize.config.k8s.io"


def check(tree: Tree, counts: Counts) -> Iterator[Finding]:
    kustomizations = Kustomizations(tree)
    written = [d for d in tree.documents() if is_object(d) and d.file not in kustomizations.patches]
    written = [d for d in written if not d.data["apiVersion"].startswith(_KUSTOMIZE_GROUP)]
    if not written and not kustomizations.builds:
        return
    tree.understood |= {document.file for document in written}
    schemas = _schemas(tree.kubernetes)
    wrong, passed = set(), set()
    for document in written:
        counts.add("Kubernetes objects")
        findings = list(_check_object(schemas, document))
        if findings:
            wrong.add(_identity(document))
        else:
            passed.add(_content(document))
        yield from findings
    yield from kustomizations.build(counts)
    yield from kustomizations.orphans()
    yield from kustomizations.check_flux()
    for build in kustomizations.builds.values():
        for document in build.objects:
            # What was wrong as written is not told again for each place that includes it.
            if _identity(document) not in wrong and _content(document) not in passed:
                passed.add(_content(document))
                yield from _check_object(schemas, document, built=True)
    for scope in kustomizations.scopes(written):
        counts.add("clusters or kustomizations followed")
        for document in scope.objects:
            # With its variables replaced an object may no longer be what it was.
            if _identity(document) not in wrong and _content(document) not in passed:
                passed.add(_content(document))
                yield from _check_object(schemas, document, built=True)
        yield from _check_unique(schemas, scope)
        if scope.objects:
            yield from references.check(schemas, scope, tree)


@functools.cache
def _schemas(version: str) -> Schemas:
    return Schemas(version)


def describe(document: Document) -> str:
    metadata = document.data.get("metadata")
    name = metadata.get("name", "?") if isinstance(metadata, dict) else "?"
    return f"{document.data['kind']} {name}"


def _identity(document: Document) -> str:
    return describe(document)


def _content(document: Document) -> str:
    return json.dumps(document.data, sort_keys=True, default=str)


def _check_object(schemas: Schemas, document: Document, built: bool = False) -> Iterator[Finding]:
    found = False
    for path, message in schemas.problems(document.data):
        found = True
        yield _at(document, path, message, built)
    if not found:
        for path, message in pods.problems(document.data):
            yield _at(document, path, message, built)


def _at(document: Document, path: tuple, message: str, built: bool) -> Finding:
    if built:
        return Finding(document.file, 0, CHECK, f"as built, {describe(document)}: {message}")
    return document.finding(CHECK, path, f"{describe(document)}: {message}")


def _check_unique(schemas: Schemas, scope: Scope) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str, str], Document] = {}
    for document in scope.objects:
        data = document.data
        namespaced = schemas.is_namespaced(data["apiVersion"], data["kind"])
        metadata = data.get("metadata") or {}
        namespace = metadata.get("namespace", "") if namespaced else ""
        if not namespaced and metadata.get("namespace"):
            yield document.finding(
                CHECK, ("metadata",), f"{describe(document)} lives in no namespace, and one is given"
            )
        if namespaced and not namespace:
            yield document.finding(
                CHECK, ("metadata",), f"{describe(document)} has no namespace: it would land in whichever is current"
            )
        group = data["apiVersion"].rpartition("/")[0]
        key = (group, data["kind"], namespace, metadata.get("name", ""))
        if key in seen:
            yield document.finding(
                CHECK, (), f"{describe(document)} in {scope.name} is given twice, also in {seen[key].file}"
            )
        seen.setdefault(key, document)
