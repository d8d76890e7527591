"""A rendered tree in memory: its files, and its YAML documents with the line of every value.

The loader is stricter than the programs that read the files later: a key given twice is refused, because each of
those programs silently takes one of the two, and not all take the same.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import pathlib
import re
from typing import Any, Iterator

import yaml

from findings import Finding

CHECK = "yaml"


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
    """YAML as Kubernetes reads it."""


class _CoreLoader(_Loader):
    """YAML 1.2's core schema, as the pipeline services read it: `on` is a word there, not a boolean."""


_CoreLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}
for _first, _words in {"t": "true", "T": "True|TRUE", "f": "false", "F": "False|FALSE"}.items():
    _CoreLoader.yaml_implicit_resolvers.setdefault(_first, []).append(
        ("tag:yaml.org,2002:bool", re.compile(f"^(?:{_words})$"))
    )

Path = tuple[Any, ...]


@dataclasses.dataclass
class Document:
    """One YAML document."""

    file: str
    data: Any
    lines: dict[Path, int]

    def line(self, path: Path = ()) -> int:
        """The line of the value at `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def finding(self, check: str, path: Path, message: str) -> Finding:
        return Finding(self.file, self.line(path), check, message)


class Tree:
    """All files below one directory."""

    def __init__(self, root: pathlib.Path, kubernetes: str):
        self.root = root
        # The version of Kubernetes it is meant for.
        self.kubernetes = kubernetes
        self.files = sorted(
            str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and ".terraform" not in path.parts
        )
        self.problems: list[Finding] = []
        self._parsed: dict[tuple[str, bool], list[Document]] = {}
        # Files that some check has understood; the rest is reported, so that nothing slips through by its name.
        self.understood: set[str] = set()

    def text(self, file: str) -> str:
        return (self.root / file).read_text(encoding="utf-8")

    def matching(self, *suffixes: str) -> list[str]:
        return [file for file in self.files if file.endswith(suffixes)]

    def yaml(self, file: str, core: bool = False) -> list[Document]:
        """The documents of a YAML file; none, and a problem noted, when it cannot be read."""
        key = (file, core)
        if key not in self._parsed:
            try:
                self._parsed[key] = parse_yaml(self.text(file), file, core)
            except (yaml.YAMLError, UnicodeDecodeError) as error:
                self._parsed[key] = []
                mark = getattr(error, "problem_mark", None)
                what = getattr(error, "problem", None) or str(error)
                self.problems.append(Finding(file, mark.line + 1 if mark else 0, CHECK, what))
        return self._parsed[key]

    @functools.cached_property
    def yaml_files(self) -> list[str]:
        return self.matching(".yaml", ".yml")

    def documents(self) -> Iterator[Document]:
        for file in self.yaml_files:
            yield from self.yaml(file)

    def json(self, file: str) -> Any:
        """A JSON file's value, or None with a problem noted. A key given twice is refused here as well."""
        try:
            return json.loads(self.text(file), object_pairs_hook=_unique)
        except ValueError as error:
            self.problems.append(Finding(file, getattr(error, "lineno", 0), "json", str(error)))
            return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"key {next(n for n in names if names.count(n) > 1)!r} is given twice")
    return value


def parse_yaml(text: str, file: str, core: bool = False) -> list[Document]:
    """All documents of a text. Raises yaml.YAMLError."""
    loader = (_CoreLoader if core else _Loader)(text)
    documents = []
    try:
        while loader.check_node():
            node = loader.get_node()
            lines: dict[Path, int] = {}
            data = _value(loader, node, (), lines)
            if data is not None:
                documents.append(Document(file, data, lines))
    finally:
        loader.dispose()
    return documents


def _value(loader: Any, node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                raise yaml.MarkedYAMLError(None, None, "merge keys are not understood everywhere", key_node.start_mark)
            key = loader.construct_object(key_node, deep=True)
            if not isinstance(key, (str, int, bool, float)):
                raise yaml.MarkedYAMLError(None, None, "a key that is no plain word", key_node.start_mark)
            if key in result:
                raise yaml.MarkedYAMLError(None, None, f"key {key!r} is given twice", key_node.start_mark)
            result[key] = _value(loader, value_node, (*path, key), lines)
            lines[(*path, key)] = key_node.start_mark.line + 1
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, index), lines) for index, item in enumerate(node.value)]
    return loader.construct_object(node, deep=True)
