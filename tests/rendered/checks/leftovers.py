"""Files that no check has read. Rendered or not, a file nobody checks is a file nobody may trust."""

from __future__ import annotations

import pathlib
from typing import Iterator

from findings import Counts, Finding
from kustomize import Kustomizations
from tree import Tree

CHECK = "leftovers"
_OURS = (".plimsoll-rendered.json", "blueprint.json", "synthetic.json")
_STRUCTURED = (".yaml", ".yml", ".json", ".tf", ".tfvars", ".sh", ".hcl", ".toml")


def check(tree: Tree, counts: Counts) -> Iterator[Finding]:
    patches = Kustomizations(tree).patches
    for file in tree.matching(*_STRUCTURED):
        if file in tree.understood or file in patches:
            continue
        if _is_known(tree, file):
            continue
        yield Finding(file, 0, CHECK, "no check knows what this file is")


def _is_known(tree: Tree, file: str) -> bool:
    """Files whose checks are elsewhere: Traefik's own, which a real Traefik loads; what only our own programs read."""
    if file.endswith((".yaml", ".yml")):
        documents = tree.yaml(file)
        tops = {key for d in documents if isinstance(d.data, dict) for key in d.data}
        return bool(tops) and tops <= {"http", "tcp", "udp", "tls"}
    return pathlib.PurePosixPath(file).name in _OURS
