"""What is applied together: kustomizations as kubectl builds them, gathered into clusters by Flux's own objects.

A reference holds only among objects of one cluster. A cluster is a kustomization (or a directory) with Flux
Kustomizations, together with everything their paths lead to; where a tree has none of those, each kustomization that
no other one includes stands alone; where it has no kustomization either, the tree is one.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re
import subprocess
from typing import Any, Iterator

import yaml

from findings import CannotCheck, Counts, Finding, tool
from tree import Document, Tree, parse_yaml

CHECK = "kustomize"
FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
FLUX = "kustomize.toolkit.fluxcd.io"
# Fields that name files beside the kustomization, with the part of an entry that holds the path.
_LISTS = {"resources": None, "components": None, "patches": "path", "configurations": None, "replacements": "path"}
_GENERATORS = ("configMapGenerator", "secretGenerator")


@dataclasses.dataclass
class Build:
    """One kustomization: what it includes, and what kubectl makes of it."""

    directory: str
    file: str
    is_component: bool
    includes: set[str]
    files: set[str]
    objects: list[Document] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Scope:
    """Objects that live in one cluster."""

    name: str
    objects: list[Document]


def is_object(document: Document) -> bool:
    data = document.data
    return isinstance(data, dict) and isinstance(data.get("apiVersion"), str) and isinstance(data.get("kind"), str)


def is_flux(data: dict[str, Any]) -> bool:
    return data["kind"] == "Kustomization" and data["apiVersion"].startswith(FLUX)


class Kustomizations:
    """All of a tree."""

    def __init__(self, tree: Tree):
        self.tree = tree
        self.findings: list[Finding] = []
        self.builds = {build.directory: build for build in self._read()}
        self.patches = {file for build in self.builds.values() for file in build.files if self._is_patch(build, file)}

    def _read(self) -> Iterator[Build]:
        for file in self.tree.files:
            path = pathlib.PurePosixPath(file)
            if path.name not in FILES:
                continue
            documents = self.tree.yaml(file)
            self.tree.understood.add(file)
            if len(documents) != 1 or not isinstance(documents[0].data, dict):
                self.findings.append(Finding(file, 0, CHECK, "a kustomization is one document"))
                continue
            document = documents[0]
            includes, files = set(), set()
            for kind, place, target in _targets(document.data):
                if re.match(r"\w+://|.*\.git(\?|//|$)|github\.com/", target):
                    self.findings.append(document.finding(CHECK, place, f"{target} would be fetched from elsewhere"))
                    continue
                found = _normal(path.parent, target)
                if (self.tree.root / found).is_dir():
                    includes.add(found)
                elif (self.tree.root / found).is_file():
                    files.add(found)
                else:
                    self.findings.append(document.finding(CHECK, place, f"{kind} names {target}, which is not there"))
            is_component = document.data.get("kind") == "Component"
            yield Build(str(path.parent), file, is_component, includes, files)

    def _is_patch(self, build: Build, file: str) -> bool:
        data = self.tree.yaml(build.file)[0].data
        resources = {_normal(pathlib.PurePosixPath(build.directory), r) for r in data.get("resources") or []}
        return file not in resources

    def build(self, counts: Counts) -> Iterator[Finding]:
        """Has kubectl build them all; without kubectl the plain files stand in."""
        yield from self.findings
        if not self.builds:
            return
        kubectl = tool("kubectl", "apt-get install kubernetes-client, or kubectl of any later version")
        for build in self.builds.values():
            self.tree.understood |= build.files
            if build.is_component:
                continue
            if kubectl is None:
                build.objects = [
                    d for file in sorted(self._files_of(build)) for d in self.tree.yaml(file) if is_object(d)
                ]
                continue
            try:
                done = subprocess.run(
                    [kubectl, "kustomize", str(self.tree.root / build.directory)],
                    capture_output=True, text=True, timeout=120, check=False,
                )  # fmt: skip
            except subprocess.TimeoutExpired as error:
                raise CannotCheck(f"kubectl kustomize took too long in {build.directory}") from error
            counts.add("kustomizations built")
            if done.returncode:
                said = " ".join(done.stderr.replace(str(self.tree.root), "").split())
                yield Finding(build.file, 0, CHECK, f"kubectl cannot build it: {said[:400]}")
                continue
            try:
                build.objects = [d for d in parse_yaml(done.stdout, build.file) if is_object(d)]
            except yaml.YAMLError as error:
                yield Finding(build.file, 0, CHECK, f"what kubectl builds is no YAML: {error}")

    def _files_of(self, build: Build) -> set[str]:
        files = build.files - self.patches
        for directory in build.includes:
            if directory in self.builds:
                files |= self._files_of(self.builds[directory])
        return files

    def roots(self) -> list[Build]:
        included = {directory for build in self.builds.values() for directory in build.includes}
        return [b for b in self.builds.values() if b.directory not in included and not b.is_component]

    def orphans(self) -> Iterator[Finding]:
        """Objects in files that no kustomization brings anywhere."""
        if not self.builds:
            return
        reached = {file for build in self.builds.values() for file in build.files}
        reached |= {file for path in self._flux_paths() for file in self._below(path)}
        for file in self.tree.yaml_files:
            documents = self.tree.yaml(file)
            near = any(file.startswith(build.directory + "/") for build in self.builds.values())
            if near and file not in reached and pathlib.PurePosixPath(file).name not in FILES:
                if any(is_object(document) for document in documents):
                    yield Finding(file, 1, CHECK, "no kustomization includes this file")

    # --- clusters

    def _flux_paths(self) -> set[str]:
        return {_path(d.data) for d in self.tree.documents() if is_object(d) and is_flux(d.data)}

    def _below(self, directory: str) -> list[str]:
        """The files Flux itself would gather from a directory without a kustomization."""
        if directory in self.builds:
            return []
        return [file for file in self.tree.yaml_files if file.startswith(directory + "/")]

    def objects_at(self, directory: str) -> list[Document]:
        if directory in self.builds:
            return self.builds[directory].objects
        return [d for file in self._below(directory) for d in self.tree.yaml(file) if is_object(d)]

    def scopes(self, everything: list[Document]) -> list[Scope]:
        if not self.builds:
            return [Scope("the tree", everything)]
        scopes = []
        paths = self._flux_paths()
        for build in self.roots():
            if build.directory not in paths:
                scopes.append(Scope(build.directory, self._closure(build.directory, set())))
        return scopes

    def _closure(self, directory: str, seen: set[str]) -> list[Document]:
        """The objects of a directory and of all that its Flux Kustomizations lead to."""
        if directory in seen:
            return []
        seen.add(directory)
        objects = list(self.objects_at(directory))
        for document in list(objects):
            if is_flux(document.data) and (self.tree.root / _path(document.data)).is_dir():
                values = _values(document.data, objects)
                objects += [_replaced(inner, values) for inner in self._closure(_path(document.data), seen)]
        return objects

    def check_flux(self) -> Iterator[Finding]:
        written = [d for d in self.tree.documents() if is_object(d)]
        for document in written:
            if is_flux(document.data) and not self._is_foreign(document.data, written):
                path = _path(document.data)
                if path != "." and not (self.tree.root / path).is_dir():
                    yield document.finding(CHECK, ("spec", "path"), f"spec.path {path} is not in the tree")
        for scope in self.scopes(written):
            yield from self._check_variables(scope)

    def _is_foreign(self, data: dict[str, Any], written: list[Document]) -> bool:
        """Whether its source is another repository: one that this tree itself brings to the cluster."""
        reference = (data.get("spec") or {}).get("sourceRef") or {}
        below = tuple(f"{path}/" for path in self._flux_paths() if (self.tree.root / path).is_dir())
        return any(
            source.data["kind"] == reference.get("kind")
            and source.data["metadata"].get("name") == reference.get("name")
            and source.file.startswith(below)
            for source in written
            if isinstance(source.data.get("metadata"), dict)
        )

    def _check_variables(self, scope: Scope) -> Iterator[Finding]:
        """Variables that Flux replaces: one without a value becomes nothing, in a script as well."""
        maps = {
            ((d.data.get("metadata") or {}).get("namespace"), (d.data.get("metadata") or {}).get("name")): d.data
            for d in scope.objects
            if d.data["kind"] == "ConfigMap"
        }
        for flux in [d for d in scope.objects if is_flux(d.data) and (d.data.get("spec") or {}).get("postBuild")]:
            metadata, build = flux.data["metadata"], flux.data["spec"]["postBuild"]
            known, is_certain = set(build.get("substitute") or {}), True
            for source in build.get("substituteFrom") or []:
                found = maps.get((metadata.get("namespace"), source.get("name")))
                is_certain &= found is not None
                known |= set((found or {}).get("data") or {})
                if found is None and source.get("kind") == "ConfigMap" and not source.get("optional"):
                    yield Finding(
                        flux.file, 0, CHECK, f"Kustomization {metadata['name']} takes variables from {source['name']}, "
                        "which is not there",
                    )  # fmt: skip
            for document in self.objects_at(_path(flux.data)) if is_certain else []:
                name = f"{document.data['kind']} {(document.data.get('metadata') or {}).get('name')}"
                for variable in sorted(_variables(document.data) - known):
                    yield Finding(document.file, 0, CHECK, f"{name}: Flux has no value for ${{{variable}}}")


def _values(flux: dict[str, Any], objects: list[Document]) -> dict[str, str]:
    """The variables that a Flux Kustomization replaces, as far as the objects beside it say."""
    build, namespace = (flux.get("spec") or {}).get("postBuild") or {}, (flux.get("metadata") or {}).get("namespace")
    values: dict[str, str] = {}
    for source in build.get("substituteFrom") or []:
        for data in (d.data for d in objects if d.data["kind"] == source.get("kind") == "ConfigMap"):
            metadata = data.get("metadata") or {}
            if (metadata.get("namespace"), metadata.get("name")) == (namespace, source.get("name")):
                values |= data.get("data") or {}
    return values | (build.get("substitute") or {})


def _replaced(document: Document, values: dict[str, str]) -> Document:
    """The object as Flux applies it. Variables nobody has a value for are left, and told of elsewhere."""

    def replace(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: replace(item) for key, item in value.items()}
        if isinstance(value, list):
            return [replace(item) for item in value]
        if isinstance(value, str) and "${" in value:
            return re.sub(r"(?<!\$)\$\{(\w+)\}", lambda found: str(values.get(found[1], found[0])), value)
        return value

    return dataclasses.replace(document, data=replace(document.data)) if values else document


def _variables(value: Any) -> set[str]:
    """Names in `${…}` without a default of their own; `$${…}` is how Flux writes the sign itself."""
    if isinstance(value, dict):
        return {name for item in value.values() for name in _variables(item)}
    if isinstance(value, list):
        return {name for item in value for name in _variables(item)}
    return set(re.findall(r"(?<!\$)\$\{(\w+)\}", value)) if isinstance(value, str) else set()


def _path(data: dict[str, Any]) -> str:
    return _normal(pathlib.PurePosixPath("."), str((data.get("spec") or {}).get("path") or "."))


def _normal(base: pathlib.PurePosixPath, target: str) -> str:
    parts: list[str] = []
    for part in (base / target).parts:
        if part == ".." and parts:
            parts.pop()
        elif part not in (".", "/"):
            parts.append(part)
    return "/".join(parts) or "."


def _targets(data: dict[str, Any]) -> Iterator[tuple[str, tuple[Any, ...], str]]:
    for kind, inner in _LISTS.items():
        for index, entry in enumerate(data.get(kind) or []):
            value = entry.get(inner) if inner and isinstance(entry, dict) else entry
            if isinstance(value, str):
                yield kind, (kind, index), value
    for kind in _GENERATORS:
        for index, entry in enumerate(data.get(kind) or []):
            for field in ("files", "envs"):
                for value in entry.get(field) or []:
                    yield kind, (kind, index), value.split("=", 1)[-1]
