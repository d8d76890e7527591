"""The schema of the azurerm provider, as Terraform asks for it, and the values its arguments take.

`schemas/azurerm-5.10.0.json.gz` has the names, types and nesting of all resources. `azurerm-additions.json` adds by
hand what that extract lacks (the provider's own block, data sources, results inside blocks, what is secret), and
`azurerm-values.json` the values: the provider checks them in code, so no schema has them.
"""

from __future__ import annotations

import functools
import gzip
import json
import pathlib
import re
from typing import Any, Iterator

from tf.gen import tfplugin_pb2 as pb

VERSION = "5.10.0"
_SCHEMAS = pathlib.Path(__file__).resolve().parent.parent / "schemas"
_NESTING = pb.Schema.NestedBlock.NestingMode
_PLAIN = {"string": "string", "number": "number", "boolean": "bool"}
# `write_only` is newer than the protocol's Python bindings: its field on the wire, which they pass on untouched.
_WRITE_ONLY = b"\x58\x01"


@functools.cache
def _load(name: str) -> Any:
    path = _SCHEMAS / name
    return json.loads(gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes())


def _type(entry: dict[str, Any]) -> Any:
    """The extract's word for a type, in Terraform's own JSON notation."""
    word = entry["type"]
    if word in _PLAIN:
        return _PLAIN[word]
    kind, element = word.rstrip(">").split("<")
    if kind == "map":
        return ["map", _PLAIN[element]]
    return ["set" if entry.get("hcl") == "set" else "list", _PLAIN[element]]


class Schema:
    """All of it, converted to Terraform's protocol for those types that a tree uses: converting all takes seconds."""

    def __init__(self, used: set[str]):
        extract = _load(f"azurerm-{VERSION}.json.gz")["resources"]
        self.additions = _load("azurerm-additions.json")
        self.values = _load("azurerm-values.json")
        self._secret = re.compile("|".join(self.additions["secret"]))
        self.resources = {name: self._resource(name, extract[name]) for name in sorted(used & extract.keys())}
        self.data_sources = {
            name: pb.Schema(version=0, block=self._hand_block(entry))
            for name, entry in self.additions["data_sources"].items()
        }
        self.provider = pb.Schema(version=0, block=self._hand_block(self.additions["provider"]))

    # --- what the extract has

    def _resource(self, name: str, entry: dict[str, Any]) -> pb.Schema:
        block = self._block(entry["attrs"], name, top=True)
        known = {a.name for a in block.attributes} | {b.type_name for b in block.block_types}
        for attribute, word in entry["computed"].items():
            if attribute in known or word.startswith("object"):
                continue
            kind = ["list", "string"] if word.startswith("array") else _PLAIN[word]
            self._attribute(block, attribute, kind, computed=True)
            known.add(attribute)
        for attribute, kind in self.additions["computed"].get(name, {}).items():
            self._attribute(block, attribute, kind, computed=True)
        return pb.Schema(version=0, block=block)

    def _block(self, attrs: dict[str, Any], place: str, top: bool = False) -> pb.Schema.Block:
        block = pb.Schema.Block()
        also_computed = set(self.additions["optional_and_computed"].get(place, []))
        for name, entry in sorted(attrs.items()):
            if entry.get("block"):
                self._nested(block, name, entry, f"{place}.{name}")
            elif top and name == "id":
                self._attribute(block, name, "string", computed=True)
            else:
                self._attribute(
                    block,
                    name,
                    _type(entry),
                    required=entry["required"],
                    optional=not entry["required"],
                    computed=name in also_computed,
                )
        if place.endswith(".identity") and "type" in attrs:
            for name in ("principal_id", "tenant_id"):
                if name not in attrs:
                    self._attribute(block, name, "string", computed=True)
        return block

    def _nested(self, block: pb.Schema.Block, name: str, entry: dict[str, Any], place: str) -> None:
        nested = block.block_types.add(type_name=name)
        nested.nesting = {"set": _NESTING.SET, "struct": _NESTING.SINGLE}.get(entry.get("nesting"), _NESTING.LIST)
        if nested.nesting != _NESTING.SINGLE:
            nested.min_items = 1 if entry["required"] else 0
            nested.max_items = 0 if entry["many"] else 1
        nested.block.CopyFrom(self._block(entry["attrs"], place))

    def _attribute(self, block: pb.Schema.Block, name: str, kind: Any, **how: bool) -> None:
        attribute = block.attributes.add(
            name=name, type=json.dumps(kind).encode(), sensitive=bool(self._secret.fullmatch(name)), **how
        )
        if name.endswith("_wo"):
            attribute.MergeFromString(_WRITE_ONLY)

    # --- what was added by hand: {"required": {name: type}, "optional": …, "computed": …, "blocks": {name: …}}

    def _hand_block(self, entry: dict[str, Any]) -> pb.Schema.Block:
        block = pb.Schema.Block()
        for how in ("required", "optional", "computed"):
            for name, kind in entry.get(how, {}).items():
                self._attribute(block, name, kind, **{how: True})
        for name, inner in entry.get("blocks", {}).items():
            nested = block.block_types.add(type_name=name, nesting=_NESTING.LIST, max_items=1)
            nested.min_items = 1 if inner.get("needed") else 0
            nested.block.CopyFrom(self._hand_block(inner))
        return block

    # --- values

    def wrong_values(self, name: str, config: dict[str, Any]) -> Iterator[tuple[list[Any], str]]:
        """Every known argument whose value the provider would refuse: where it is, and what would be right."""
        entry = self.values["*"] | self.values.get(name, {})
        for path, rule in entry.items():
            if path != "together":
                yield from _wrong(config, path, rule)

    def wrong_together(self, name: str, config: dict[str, Any]) -> Iterator[tuple[list[Any], str]]:
        """Arguments that exclude or need each other, once it is known which are given."""
        for rule in self.values.get(name, {}).get("together", []):
            if all(_holds(config, path, wanted) for path, wanted in rule["when"].items()):
                for path, wanted in rule["then"].items():
                    for place, message in _wrong(config, path, wanted):
                        yield place, f"{message}, because {rule['because']}"


def is_known(value: Any) -> bool:
    """Whether Terraform knows the value already; unknown ones travel as an extension type."""
    return isinstance(value, (str, int, float, bool))


def _reach(value: Any, path: list[str], place: list[Any]) -> Iterator[tuple[list[Any], Any]]:
    """All values given at a dotted path, unknown ones too; blocks and lists are walked through."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _reach(item, path, [*place, index])
    elif path and isinstance(value, dict):
        yield from _reach(value.get(path[0]), path[1:], [*place, path[0]])
    elif not path and value is not None:
        yield place, value


def _wrong(config: dict[str, Any], path: str, rule: dict[str, Any]) -> Iterator[tuple[list[Any], str]]:
    found = list(_reach(config, path.split("."), []))
    if rule.get("given") is True and not found:
        yield [], f"{path} must be given"
    for place, value in found:
        if rule.get("given") is False:
            # One that is not known yet may still turn out to be null; the plan asks again when it is.
            if is_known(value):
                yield place, f"{path} must not be given"
        elif is_known(value):
            message = wrong_value(value, rule)
            if message:
                yield place, f"{path}: {message}"


def _holds(config: dict[str, Any], path: str, wanted: dict[str, Any]) -> bool:
    """Whether a condition is certainly met: an unknown value meets only the condition that there is one."""
    found = [value for _, value in _reach(config, path.split("."), [])]
    if wanted.get("given") is False:
        return not found
    return any(set(wanted) == {"given"} or (is_known(value) and wrong_value(value, wanted) is None) for value in found)


def wrong_value(value: Any, rule: dict[str, Any]) -> str | None:
    """What is wrong with one known value, or None."""
    if "one_of" in rule and value not in rule["one_of"]:
        return f"{json.dumps(value)} is not one of {', '.join(map(json.dumps, rule['one_of']))}"
    if "matches" in rule and not re.fullmatch(rule["matches"], str(value)):
        return f"{json.dumps(value)} is not {rule['means']}"
    if "between" in rule:
        low, high = rule["between"]
        if not low <= float(value) <= high:
            return f"{value} is not between {low} and {high}"
    return None


def unknown_paths() -> list[str]:
    """Entries of the tables made by hand that name nothing in the extract: a rule that cannot apply proves nothing."""
    extract = _load(f"azurerm-{VERSION}.json.gz")["resources"]

    def exists(name: str, path: str) -> bool:
        attrs = extract.get(name, {}).get("attrs", {})
        *blocks, last = path.split(".")
        for step in blocks:
            attrs = attrs.get(step, {}).get("attrs", {})
        return last in attrs

    wrong = []
    for name, entry in _load("azurerm-values.json").items():
        paths = [path for path in entry if path != "together"]
        paths += [path for rule in entry.get("together", []) for half in ("when", "then") for path in rule[half]]
        wrong += [f"{name}: {path}" for path in paths if name != "*" and not exists(name, path)]
    for place, names in _load("azurerm-additions.json")["optional_and_computed"].items():
        name, *blocks = place.split(".")
        paths = [".".join([*blocks, attribute]) for attribute in names]
        wrong += [f"{name}: {path}" for path in paths if not exists(name, path)]
    return wrong
