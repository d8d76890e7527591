"""What custom resource definitions ask beside their shapes: rules in CEL (`x-kubernetes-validations`), unique items.

Rules are evaluated on the object with its defaults filled in, as the API server does. Rules about a change of an
object (`oldSelf`) have nothing to be compared with in a rendered tree.
"""

from __future__ import annotations

import copy
import functools
import ipaddress
import json
import re
from typing import Any, Iterator

import cel

_ESCAPED = {
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
    "loop", "package", "namespace", "return",
}  # fmt: skip


def with_defaults(schema: dict[str, Any], value: Any) -> Any:
    """A copy of the value in which what the schema gives by default is filled in."""
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        result = dict(value)
        for name, inner in properties.items():
            if name not in result and "default" in inner:
                result[name] = copy.deepcopy(inner["default"])
        extra = schema.get("additionalProperties")
        for name, item in result.items():
            inner = properties.get(name) or (extra if isinstance(extra, dict) else {})
            result[name] = with_defaults(inner, item)
        return result
    if isinstance(value, list):
        return [with_defaults(schema.get("items") or {}, item) for item in value]
    return value


def problems(schema: dict[str, Any], value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """The rules that do not hold, at every depth. `value` has its defaults, and has passed its schema."""
    for rule in schema.get("x-kubernetes-validations") or []:
        if not re.search(r"\boldSelf\b", rule["rule"]) and not _holds(rule["rule"], value):
            yield path, rule.get("message") or f"it must be that {rule['rule']}"
    if isinstance(value, dict):
        properties, extra = schema.get("properties") or {}, schema.get("additionalProperties")
        for name, item in value.items():
            inner = properties.get(name) or (extra if isinstance(extra, dict) else None)
            if inner:
                yield from problems(inner, item, (*path, name))
    elif isinstance(value, list):
        for twice in _twice(schema, value):
            yield path, f"{twice} is given twice"
        for index, item in enumerate(value):
            yield from problems(schema.get("items") or {}, item, (*path, index))


def _twice(schema: dict[str, Any], value: list[Any]) -> list[str]:
    """Items of a list that is a set, or a map by some of its items' fields, which the server would refuse."""
    kind = schema.get("x-kubernetes-list-type")
    if kind == "map":
        keys = schema.get("x-kubernetes-list-map-keys") or []
        seen = [json.dumps({key: item.get(key) for key in keys}) for item in value if isinstance(item, dict)]
    else:
        seen = [json.dumps(item) for item in value] if kind == "set" else []
    return sorted({item for item in seen if seen.count(item) > 1})


def all_rules(schema: Any) -> Iterator[str]:
    """Every rule in a schema, for the test that all of them can be evaluated."""
    if isinstance(schema, dict):
        for rule in schema.get("x-kubernetes-validations") or []:
            if isinstance(rule, dict):
                yield rule["rule"]
        for inner in schema.values():
            yield from all_rules(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from all_rules(inner)


@functools.cache
def compiled(rule: str) -> Any:
    return cel.compile(rule)


def _holds(rule: str, value: Any) -> bool:
    context = {"self": _named(value), "isIP": _is_ip, "substring": _substring, "split": str.split}
    try:
        return compiled(rule).execute(context) is True
    except KeyError:
        # A field that is not there, in a rule without has(): an error, which the server refuses as well.
        return False


def _named(value: Any) -> Any:
    """Field names as rules spell them, and values CEL has a type for."""
    if isinstance(value, dict):
        return {_escaped(str(name)): _named(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_named(item) for item in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else json.dumps(value)


def _escaped(name: str) -> str:
    if name in _ESCAPED:
        return f"__{name}__"
    if not re.fullmatch(r"[A-Za-z_][\w.\-/]*", name):
        return name
    name = name.replace("__", "__underscores__")
    return name.replace(".", "__dot__").replace("-", "__dash__").replace("/", "__slash__")


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _substring(text: str, start: int, end: int | None = None) -> str:
    return text[start:end]
