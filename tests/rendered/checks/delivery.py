"""Delivery: GitHub workflows and Azure pipelines against their published schemas, and container files.

The schemas are those that check-jsonschema carries. They know names and types; that a job waits for a job which
exists, or that an action is pinned to a commit, is looked at here.
"""

from __future__ import annotations

import datetime
import functools
import importlib.resources
import json
import pathlib
import re
import subprocess
import zoneinfo
from typing import Any, Iterator

import jsonschema
from check_jsonschema.transforms.azure_pipelines import azure_main

from findings import Counts, Finding, tool
from tree import Document, Tree

CHECK = "delivery"
_CONTAINER_FILES = re.compile(r"(^|/)((Containerfile|Dockerfile)(\.\w+)?|\w+\.(Containerfile|Dockerfile))$")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_CONTEXTS = {
    "github", "env", "vars", "job", "jobs", "steps", "runner", "secrets", "strategy", "matrix", "needs", "inputs",
    "true", "false", "null", "always", "success", "failure", "cancelled", "contains", "startsWith", "endsWith", "format",
    "join", "toJSON", "fromJSON", "hashFiles",
}  # fmt: skip


def check(tree: Tree, counts: Counts) -> Iterator[Finding]:
    for file in tree.yaml_files:
        if is_workflow(file):
            tree.understood.add(file)
            for document in tree.yaml(file, core=True):
                counts.add("GitHub workflows")
                yield from _check_schema(document, "github-workflows", document.data)
                yield from _check_workflow(document)
        else:
            for document in tree.yaml(file):
                if is_pipeline(document.data):
                    tree.understood.add(file)
                    counts.add("Azure pipelines")
                    yield from _check_pipeline(tree, tree.yaml(file, core=True)[0])
    files = [file for file in tree.files if _CONTAINER_FILES.search(file)]
    tree.understood |= set(files)
    yield from _check_container_files(tree, files, counts)
    for file in tree.files:
        if file.endswith("delivery/windows.json"):
            tree.understood.add(file)
            counts.add("calendars of releases")
            yield from (Finding(file, 0, CHECK, problem) for problem in _windows_problems(tree.text(file)))


def _windows_problems(text: str) -> Iterator[str]:
    """What `may-release` would stumble over: it runs in the middle of a release."""
    for name, calendar in json.loads(text)["calendars"].items():
        try:
            zoneinfo.ZoneInfo(calendar["timeZone"])
        except (KeyError, ValueError, zoneinfo.ZoneInfoNotFoundError):
            yield f"{name}: there is no time zone {calendar.get('timeZone')}"
        for window in calendar["windows"]:
            if not window["days"] or set(window["days"]) - set(_DAYS):
                yield f"{name}: {window['days']} are no days of the week"
            if not all(_TIME.fullmatch(window[end]) for end in ("from", "to")):
                yield f"{name}: {window['from']} to {window['to']} are no times of a day"
        for freeze in calendar["freezes"]:
            if datetime.date.fromisoformat(freeze["from"]) > datetime.date.fromisoformat(freeze["to"]):
                yield f"{name}: a freeze ends on {freeze['to']}, before it begins on {freeze['from']}"


def is_workflow(file: str) -> bool:
    return "/workflows/" in f"/{file}" or "/.github/" in f"/{file}" and file.endswith(".yml")


def is_pipeline(data: Any) -> bool:
    """Azure pipelines have no mark of their own; these keys at the top are nobody else's."""
    if not isinstance(data, dict) or "apiVersion" in data or True in data or "on" in data:
        return False
    work = {"stages", "jobs", "steps"} & set(data)
    return bool(work) and bool(
        {"trigger", "pool", "pr", "parameters", "variables", "resources", "schedules"} & set(data)
    )


@functools.cache
def _validator(name: str) -> Any:
    path = importlib.resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / f"{name}.json"
    schema = json.loads(path.read_text())
    kind = jsonschema.validators.validator_for(schema)
    if name == "azure-pipelines":
        # That service reads every plain value as text, and its schema says so; YAML has numbers and booleans.
        checker = kind.TYPE_CHECKER.redefine("string", lambda _, value: isinstance(value, (str, int, float)))
        kind = jsonschema.validators.extend(kind, type_checker=checker)
    return kind(schema)


def _check_schema(document: Document, name: str, data: Any) -> Iterator[Finding]:
    for error in _validator(name).iter_errors(data):
        deepest = error
        while deepest.context:
            deepest = max(deepest.context, key=lambda inner: (len(inner.absolute_path), -len(str(inner.instance))))
        place = ".".join(map(str, deepest.absolute_path)) or "the file"
        yield document.finding(CHECK, tuple(deepest.absolute_path), f"{place}: {deepest.message[:300]}")


# === GitHub


def _check_workflow(document: Document) -> Iterator[Finding]:
    jobs = document.data.get("jobs") if isinstance(document.data, dict) else None
    if not isinstance(jobs, dict):
        return
    if "permissions" not in document.data:
        yield document.finding(CHECK, (), "the workflow states no permissions: its token may do everything")
    for name, job in jobs.items():
        if not isinstance(job, dict):
            continue
        at = ("jobs", name)
        needs = job.get("needs") or []
        for needed in [needs] if isinstance(needs, str) else needs:
            if needed not in jobs:
                yield document.finding(CHECK, (*at, "needs"), f"job {name} needs {needed}, which is no job")
        if "uses" not in job and "timeout-minutes" not in job:
            yield document.finding(CHECK, at, f"job {name} has no timeout-minutes: a hung one runs for six hours")
        ids = [step.get("id") for step in job.get("steps") or [] if step.get("id")]
        for twice in sorted({one for one in ids if ids.count(one) > 1}):
            yield document.finding(CHECK, at, f"job {name}: step id {twice} is given twice")
        for index, step in enumerate(job.get("steps") or []):
            yield from _check_step(document, (*at, "steps", index), step)
    for path, text in _strings(document.data, ()):
        yield from _check_expressions(document, path, text, jobs)


def _check_step(document: Document, at: tuple[Any, ...], step: dict[str, Any]) -> Iterator[Finding]:
    uses = step.get("uses")
    if isinstance(uses, str) and not uses.startswith(("./", "docker://")):
        if not re.search(r"@[0-9a-f]{40}$", uses):
            yield document.finding(CHECK, at, f"{uses} is not pinned to a commit")


def _strings(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        yield path, value
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _strings(inner, (*path, key))


def _check_expressions(document: Document, path: tuple[Any, ...], text: str, jobs: dict[str, Any]) -> Iterator[Finding]:
    if text.count("${{") != len(re.findall(r"\$\{\{.*?\}\}", text, re.DOTALL)):
        yield document.finding(CHECK, path, "an expression that is opened and not closed")
    for expression in re.findall(r"\$\{\{(.*?)\}\}", text, re.DOTALL):
        plain = re.sub(r"'(?:[^']|'')*'", " ", expression)
        for word in re.findall(r"(?<![\w.\-\]])[A-Za-z_]\w*", plain):
            if word not in _CONTEXTS:
                yield document.finding(CHECK, path, f"an expression uses {word}, which does not exist")
        if path[:1] == ("jobs",) and len(path) > 1:
            job = jobs.get(path[1]) or {}
            needs = job.get("needs") or []
            for other in re.findall(r"\bneeds\.([\w-]+)", plain):
                if other not in ([needs] if isinstance(needs, str) else needs):
                    yield document.finding(CHECK, path, f"job {path[1]} uses needs.{other} without needing it")
            ids = {step.get("id") for step in job.get("steps") or [] if isinstance(step, dict)}
            for step in re.findall(r"\bsteps\.([\w-]+)", plain):
                if step not in ids:
                    yield document.finding(CHECK, path, f"job {path[1]} has no step {step}")


# === Azure


def _check_pipeline(tree: Tree, document: Document) -> Iterator[Finding]:
    yield from _check_schema(document, "azure-pipelines", azure_main(document.data))
    for path, text in _strings(document.data, ()):
        if path and path[-1] == "template" and "@" not in text and "${{" not in text:
            base = pathlib.PurePosixPath(document.file).parent
            if text.lstrip("/") not in tree.files and str(base / text) not in tree.files:
                yield document.finding(CHECK, path, f"template {text} is not in the tree")
    yield from _check_depends(document, document.data.get("stages"), "stage", ("stages",))
    yield from _check_depends(document, document.data.get("jobs"), "job", ("jobs",))
    for index, stage in enumerate(document.data.get("stages") or []):
        if isinstance(stage, dict):
            yield from _check_depends(document, stage.get("jobs"), "job", ("stages", index, "jobs"))


def _check_depends(document: Document, entries: Any, kind: str, at: tuple[Any, ...]) -> Iterator[Finding]:
    entries = [entry for entry in entries or [] if isinstance(entry, dict)]
    if any(key.startswith("${{") or key == "template" for entry in entries for key in entry):
        return
    names = [entry.get(kind) or entry.get("deployment") for entry in entries]
    for name in sorted({str(n) for n in names if n and names.count(n) > 1}):
        yield document.finding(CHECK, at, f"{kind} {name} is given twice")
    for index, entry in enumerate(entries):
        wanted = entry.get("dependsOn") or []
        for name in [wanted] if isinstance(wanted, str) else wanted:
            if name not in names:
                yield document.finding(CHECK, (*at, index), f"{names[index]} depends on {name}, which is no {kind}")


# === container files


def _check_container_files(tree: Tree, files: list[str], counts: Counts) -> Iterator[Finding]:
    if not files:
        return
    hadolint = tool("hadolint", "script/check-rendered installs it")
    for file in files:
        counts.add("container files")
        if hadolint is None:
            continue
        done = subprocess.run(
            [hadolint, "--no-color", "--format", "json", "--no-fail", str(tree.root / file)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if done.returncode:
            yield Finding(file, 0, CHECK, f"hadolint: {' '.join(done.stderr.split())[:300]}")
            continue
        for told in json.loads(done.stdout or "[]"):
            if told["level"] in ("error", "warning"):
                yield Finding(file, told["line"], CHECK, f"hadolint {told['code']}: {told['message']}")
