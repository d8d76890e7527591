"""Grafana dashboards: their shape, their panels' numbers and places, their variables, and every query."""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any, Callable, Iterator

from findings import Counts, Finding
from tree import Tree

CHECK = "dashboards"
_WIDTH = 24
# What Grafana itself fills in.
_BUILT_IN = {
    "interval",
    "rate_interval",
    "range",
    "range_s",
    "range_ms",
    "interval_ms",
    "from",
    "to",
    "name",
    "org",
    "user",
}
_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\]")
_PANELS = {
    "alertlist", "barchart", "bargauge", "dashlist", "gauge", "geomap", "heatmap", "histogram", "logs", "news",
    "nodeGraph", "piechart", "row", "stat", "state-timeline", "status-history", "table", "text", "timeseries", "traces",
    "trend", "xychart",
}  # fmt: skip
# Grafana's functions in a variable's query; what is inside is PromQL.
_LABEL_VALUES = re.compile(r"label_values\((?:(.+),\s*)?(\w+)\s*\)$", re.DOTALL)
_QUERY_RESULT = re.compile(r"query_result\((.+)\)$", re.DOTALL)


Parser = Callable[[list[str]], dict[str, str]]


def check(tree: Tree, counts: Counts, promql: Parser, unrecorded: Callable[[str], list[str]]) -> Iterator[Finding]:
    queries: list[tuple[str, str, str]] = []
    uids: dict[tuple[str, str], str] = {}
    for file, board in _boards(tree):
        counts.add("dashboards")
        for message in _problems(board):
            yield Finding(file, 0, CHECK, message)
        # One directory goes into one Grafana.
        uid = (str(pathlib.PurePosixPath(file).parent), str(board.get("uid")))
        if board.get("uid") and uid in uids:
            yield Finding(file, 0, CHECK, f"uid {uid[1]} is also that of {uids[uid]}")
        uids.setdefault(uid, file)
        queries += [(file, where, query) for where, query in _queries(board)]
    if queries:
        counts.add("dashboard queries", len(queries))
    filled = {query: _filled(query) for _, _, query in queries}
    wrong = promql(sorted(set(filled.values())))
    for file, where, query in queries:
        if filled[query] in wrong:
            yield Finding(file, 0, CHECK, f"{where}: {wrong[filled[query]]}")
        for name in unrecorded(filled[query]):
            yield Finding(file, 0, CHECK, f"{where}: nothing records {name}")


def _boards(tree: Tree) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in tree.matching(".json"):
        data = tree.json(file)
        if isinstance(data, dict) and isinstance(data.get("panels"), list):
            tree.understood.add(file)
            yield file, data
    for document in tree.documents():
        if isinstance(document.data, dict) and document.data.get("kind") == "ConfigMap":
            for name, text in (document.data.get("data") or {}).items():
                if name.endswith(".json") and isinstance(text, str):
                    try:
                        data = json.loads(text)
                    except ValueError as error:
                        tree.problems.append(document.finding(CHECK, ("data", name), f"{name} is not JSON: {error}"))
                        continue
                    if isinstance(data, dict) and isinstance(data.get("panels"), list):
                        yield document.file, data


def _all_panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in board["panels"]:
        if isinstance(panel, dict):
            yield panel
            yield from (inner for inner in panel.get("panels") or [] if isinstance(inner, dict))


def _variables(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [v for v in (board.get("templating") or {}).get("list") or [] if isinstance(v, dict)]


def _problems(board: dict[str, Any]) -> Iterator[str]:
    for field, kind in (("title", str), ("uid", str), ("schemaVersion", int), ("tags", list), ("time", dict)):
        if not isinstance(board.get(field), kind) or not board[field]:
            yield f"the dashboard has no {field}"
    if isinstance(board.get("uid"), str) and not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", board["uid"]):
        yield f"uid {board['uid']!r} is not one Grafana takes: up to 40 letters, digits, - and _"
    if not board["panels"]:
        yield "the dashboard has no panels"
    panels = list(_all_panels(board))
    ids = [panel.get("id") for panel in panels]
    for number in sorted({str(n) for n in ids if ids.count(n) > 1}):
        yield f"panel id {number} is given twice"
    for panel in panels:
        yield from (f"panel {panel.get('title', panel.get('id'))!r}: {said}" for said in _panel_problems(panel))
    yield from _overlaps(board)
    known = _BUILT_IN | {variable.get("name") for variable in _variables(board)}
    for where, text in _templated(board):
        for name in _names(text):
            if name.removeprefix("__") not in _BUILT_IN and name not in known:
                yield f"{where}: there is no variable {name}"


def _panel_problems(panel: dict[str, Any]) -> Iterator[str]:
    if not isinstance(panel.get("id"), int):
        yield "it has no id"
    if panel.get("type") not in _PANELS:
        yield f"Grafana has no panel type {panel.get('type')!r}"
    if not panel.get("title") and panel.get("type") != "text":
        yield "it has no title"
    place = panel.get("gridPos")
    if not isinstance(place, dict) or not all(isinstance(place.get(k), int) for k in "xywh"):
        yield "it has no gridPos"
    elif place["x"] + place["w"] > _WIDTH or place["w"] < 1 or place["h"] < 1:
        yield f"it does not fit into {_WIDTH} columns"
    targets = panel.get("targets") or []
    if not targets and panel.get("type") not in ("row", "text", "dashlist", "alertlist", "news"):
        yield "it asks nothing"
    names = [target.get("refId") for target in targets]
    if len(set(names)) < len(names) or None in names:
        yield "its queries need different refIds"


def _overlaps(board: dict[str, Any]) -> Iterator[str]:
    taken: dict[tuple[int, int], Any] = {}
    for panel in board["panels"]:
        place = panel.get("gridPos") if isinstance(panel, dict) else None
        if not isinstance(place, dict) or not all(isinstance(place.get(k), int) for k in "xywh"):
            continue
        cells = [
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        other = next((taken[cell] for cell in cells if cell in taken), None)
        if other is not None:
            yield f"panel {panel.get('title')!r} covers panel {other!r}"
        taken.update((cell, panel.get("title")) for cell in cells)


def _queries(board: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every PromQL query, and where it is."""
    for panel in _all_panels(board):
        for target in panel.get("targets") or []:
            if isinstance(target.get("expr"), str):
                yield f"panel {panel.get('title')!r}", target["expr"]
    for variable in _variables(board):
        query = variable.get("query")
        text = query.get("query") if isinstance(query, dict) else query
        if variable.get("type") == "query" and isinstance(text, str):
            found = _LABEL_VALUES.match(text.strip()) or _QUERY_RESULT.match(text.strip())
            if found and found.group(1):
                yield f"variable {variable.get('name')}", found.group(1)
    for note in (board.get("annotations") or {}).get("list") or []:
        if isinstance(note.get("expr"), str):
            yield f"annotation {note.get('name')!r}", note["expr"]


def _templated(board: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _queries(board)
    for panel in _all_panels(board):
        where = f"panel {panel.get('title')!r}"
        for owner in (panel, *(panel.get("targets") or [])):
            source = owner.get("datasource")
            uid = source.get("uid") if isinstance(source, dict) else source
            if isinstance(uid, str):
                yield where, uid
        if isinstance(panel.get("repeat"), str):
            yield where, "$" + panel["repeat"]


def _names(text: str) -> list[str]:
    return [next(part for part in groups if part) for groups in _VARIABLE.findall(text)]


def _filled(query: str) -> str:
    """The query with variables replaced by something of their kind: a span where a span stands, a word elsewhere."""
    query = re.sub(r"(?<=[\[:])\s*(?:\$\{?\w+(?::\w+)?\}?)\s*(?=[\]:])", "5m", query)
    return _VARIABLE.sub(
        lambda found: "1" if (next(g for g in found.groups() if g)).endswith(("_s", "_ms")) else "any", query
    )
