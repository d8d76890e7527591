"""Monitoring: Prometheus rules and their tests, Alertmanager's configuration, Grafana's dashboards.

Files are known by what is in them, not by their names: `groups` are rules, `rule_files` with `tests` are tests of
rules, `route` with `receivers` is an Alertmanager, JSON with `panels` is a dashboard. Rules inside PrometheusRule
objects and dashboards inside ConfigMaps are taken out and checked as well.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
from concurrent import futures
from typing import Any, Iterator

import dashboards
import yaml
from findings import Counts, Finding, tool
from links import anchors
from tree import Document, Tree

CHECK = "monitoring"
# Debian's amtool 0.25 does not know a webhook's `url_file`, which came with 0.26.
_URL_FILE = re.compile(r"\burl_file: +/\S+")
_HINT = "script/check-rendered installs it"


def check(tree: Tree, counts: Counts) -> Iterator[Finding]:
    rules, tests, managers = [], [], []
    for document in tree.documents():
        data = document.data
        if not isinstance(data, dict):
            continue
        if isinstance(data.get("groups"), list) and "apiVersion" not in data:
            rules.append((document, data))
        elif data.get("kind") == "PrometheusRule" and isinstance(data.get("spec"), dict):
            rules.append((document, data["spec"]))
        elif "rule_files" in data and "tests" in data:
            tests.append(document)
        elif isinstance(data.get("route"), dict) and isinstance(data.get("receivers"), list):
            managers.append(document)
        elif isinstance(data.get("scrape_configs"), list) and "apiVersion" not in data:
            yield from _check_prometheus(tree, document)
            tree.understood.add(document.file)
    # The same rules as a custom resource are told of once, where they are plain.
    rules.sort(key=lambda rule: "apiVersion" in rule[0].data)
    tree.understood |= {d.file for d, _ in rules} | {d.file for d in tests + managers}
    recorded: set[str] = set()
    for document, data in rules:
        counts.add("rule files")
        counts.add("rules", len(_rules(data)))
        recorded |= {rule["record"] for rule in _rules(data) if "record" in rule}
        yield from _check_rules(document, data)
    rules = list(_without_copies(rules))
    for document, data in rules:
        yield from _check_runbooks(tree, counts, document, data)
        for rule in _rules(data):
            for name in unrecorded(str(rule.get("expr", "")), recorded):
                yield document.finding(CHECK, (), f"{rule.get('alert') or rule.get('record')}: nothing records {name}")
    for document in tests:
        counts.add("rule tests", len(document.data.get("tests") or []))
    # Most of the time goes here, into processes of their own.
    with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda document: list(_check_tests(tree, document)), tests):
            yield from found
    yield from _check_tested(rules, tests)
    for document in managers:
        counts.add("Alertmanager configurations")
        yield from _check_manager(tree, document)
    yield from dashboards.check(tree, counts, promql, lambda query: unrecorded(query, recorded))


def _run(*command: str) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def _said(text: str, *hidden: str) -> str:
    for path in hidden:
        text = text.replace(path, "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not re.match(r"(Checking|Unit Testing|SUCCESS|Found)\b", line)]
    return " ".join(" ".join(line.removeprefix("FAILED:").split()) for line in lines)[:700]


# === rules


def _rules(data: dict[str, Any]) -> list[dict[str, Any]]:
    groups = [group for group in data.get("groups") or [] if isinstance(group, dict)]
    return [rule for group in groups for rule in group.get("rules") or [] if isinstance(rule, dict)]


def _without_copies(rules: list[tuple[Document, dict[str, Any]]]) -> Iterator[tuple[Document, dict[str, Any]]]:
    seen: list[dict[str, Any]] = []
    for document, data in rules:
        groups = [group for group in data["groups"] if group not in seen]
        seen += groups
        yield document, {"groups": groups}


def unrecorded(query: str, recorded: set[str]) -> list[str]:
    """Names with colons in a query are those of recording rules, by everybody's convention; these have no rule."""
    plain = re.sub(r'"(?:[^"\\]|\\.)*"|\{[^}]*\}|\[[^\]]*\]', " ", query)
    return sorted(set(re.findall(r"\b[a-zA-Z_]\w*(?::\w+)+", plain)) - recorded)


def _check_runbooks(tree: Tree, counts: Counts, document: Document, data: dict[str, Any]) -> Iterator[Finding]:
    """A runbook that an alert names must be among the tree's, whatever address stands before its path. Where there is
    no folder of runbooks, only a part of a tree is looked at."""
    if not any("/runbooks/" in f"/{file}" for file in tree.matching(".md")):
        return
    for rule in _rules(data):
        for key, value in (rule.get("annotations") or {}).items():
            if "runbook" in key and str(value).partition("#")[0].endswith(".md"):
                counts.add("runbooks of alerts")
                path, _, anchor = str(value).partition("#")
                pages = [file for file in tree.matching(".md") if _may_be(path, file)]
                if not pages:
                    yield document.finding(CHECK, (), f"alert {rule.get('alert')}: there is no runbook {value}")
                elif anchor and not any(_may_be(anchor, known) for page in pages for known in anchors(tree.text(page))):
                    yield document.finding(CHECK, (), f"alert {rule.get('alert')}: {path} has no heading #{anchor}")


def _check_rules(document: Document, data: dict[str, Any]) -> Iterator[Finding]:
    promtool = tool("promtool", _HINT)
    if promtool is None:
        return
    # PrometheusRule allows fields of its own beside those of a rule file.
    groups = [{k: v for k, v in g.items() if k not in ("partial_response_strategy", "labels")} for g in data["groups"]]
    with tempfile.TemporaryDirectory(prefix="plimsoll-rules-") as scratch:
        path = pathlib.Path(scratch) / "rules.yaml"
        path.write_text(yaml.safe_dump({"groups": groups}))
        code, text = _run(promtool, "check", "rules", "--lint=all", "--lint-fatal", str(path))
    if code:
        yield document.finding(CHECK, (), f"promtool check rules: {_said(text, str(path))}")


def _may_be(written: str, real: str) -> bool:
    """Whether an address leads to a file or heading. Where a label's value stands in it, any word may."""
    parts = re.split(r"\{\{.*?\}\}", written)
    return re.fullmatch("(?:.*/)?" + r"[\w-]+".join(map(re.escape, parts)), real) is not None or written.endswith(
        "/" + real
    )


def _check_tests(tree: Tree, document: Document) -> Iterator[Finding]:
    promtool = tool("promtool", _HINT)
    for index, file in enumerate(document.data["rule_files"] or []):
        if not list((tree.root / document.file).parent.glob(file)):
            yield document.finding(CHECK, ("rule_files", index), f"there is no rule file {file}")
    if promtool is None or _is_proven(tree, document, promtool):
        return
    code, text = _run(promtool, "test", "rules", str(tree.root / document.file))
    if code:
        yield document.finding(CHECK, (), f"promtool test rules: {_said(text, str(tree.root))}")
    else:
        _proof(tree, document, promtool).touch()


def _is_proven(tree: Tree, document: Document, promtool: str) -> bool:
    return _proof(tree, document, promtool).exists()


def _proof(tree: Tree, document: Document, promtool: str) -> pathlib.Path:
    """Where it is noted that these very tests passed with these very rules and this very promtool: they take minutes."""
    parent = (tree.root / document.file).parent
    content = [pathlib.Path(promtool).stat().st_size, tree.text(document.file)]
    for pattern in document.data["rule_files"] or []:
        content += [path.read_text() for path in sorted(parent.glob(pattern))]
    name = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return pathlib.Path(os.environ["PLIMSOLL_CHECKS_PASSED"]) / name


def _check_tested(rules: list[tuple[Document, dict[str, Any]]], tests: list[Document]) -> Iterator[Finding]:
    """Every alert has a case that sees it fire: a rule that never fires looks just like a healthy system."""
    if not tests:
        return
    seen = {name for document in tests for test in document.data["tests"] or [] for name in _fired(test)}
    for document, data in rules:
        for name in sorted({rule["alert"] for rule in _rules(data) if rule.get("alert")} - seen):
            yield document.finding(CHECK, (), f"no test sees alert {name} fire")


def _fired(test: dict[str, Any]) -> Iterator[str]:
    """The alerts that one test expects to fire, by either way of saying so."""
    for case in test.get("alert_rule_test") or []:
        if case.get("exp_alerts"):
            yield case.get("alertname")
    for case in test.get("promql_expr_test") or []:
        for sample in case.get("exp_samples") or []:
            found = re.match(r'ALERTS\{.*\balertname="([^"]+)"', str(sample.get("labels")))
            if found and 'alertstate="firing"' in sample["labels"]:
                yield found.group(1)


def promql(queries: list[str]) -> dict[str, str]:
    """The queries that do not parse, with the reason. All in one call: each becomes a rule of its own group."""
    promtool = tool("promtool", _HINT)
    if promtool is None or not queries:
        return {}
    wrong: dict[str, str] = {}

    def parse(some: list[str]) -> None:
        groups = [{"name": f"q{n}", "rules": [{"record": "q:q", "expr": query}]} for n, query in enumerate(some)]
        with tempfile.TemporaryDirectory(prefix="plimsoll-queries-") as scratch:
            path = pathlib.Path(scratch) / "rules.yaml"
            path.write_text(yaml.safe_dump({"groups": groups}, width=1_000_000))
            code, text = _run(promtool, "check", "rules", "--lint=none", str(path))
        if code and len(some) == 1:
            wrong[some[0]] = _said(text, str(path)).split("could not parse expression:")[-1].strip()
        elif code:
            parse(some[: len(some) // 2])
            parse(some[len(some) // 2 :])

    parse(sorted(set(queries)))
    return wrong


# === Prometheus and Alertmanager


def _check_prometheus(tree: Tree, document: Document) -> Iterator[Finding]:
    promtool = tool("promtool", _HINT)
    if promtool:
        code, text = _run(promtool, "check", "config", "--syntax-only", str(tree.root / document.file))
        if code:
            yield document.finding(CHECK, (), f"promtool check config: {_said(text, str(tree.root))}")


def _check_manager(tree: Tree, document: Document) -> Iterator[Finding]:
    amtool = tool("amtool", _HINT)
    if amtool:
        with tempfile.TemporaryDirectory(prefix="plimsoll-alertmanager-") as scratch:
            path = pathlib.Path(scratch) / "alertmanager.yaml"
            path.write_text(_URL_FILE.sub("url: http://file.invalid", tree.text(document.file)))
            code, text = _run(amtool, "check-config", str(path))
        if code:
            yield document.finding(CHECK, (), f"amtool check-config: {_said(text, str(path))}")
    used = set(_receivers(document.data["route"]))
    for index, receiver in enumerate(document.data["receivers"]):
        if isinstance(receiver, dict) and receiver.get("name") not in used:
            yield document.finding(CHECK, ("receivers", index), f"no route leads to receiver {receiver.get('name')}")


def _receivers(route: dict[str, Any]) -> Iterator[str]:
    if route.get("receiver"):
        yield route["receiver"]
    for inner in route.get("routes") or []:
        yield from _receivers(inner)
