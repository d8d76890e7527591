"""Checks a rendered tree: python checks DIR [--only CHECK,…] [--kubernetes VERSION] [--output text|json].

Exit: 0 nothing was found, 1 something was, 2 the machine lacks something, 64 bad usage.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pathlib
import sys
import time
import traceback

from findings import CannotCheck, Counts, Finding, given_up
from tree import Tree

# In this order: each is a module with `check(tree, counts)`. `leftovers` comes last, it reports what no other one read.
CHECKS = ("terraform", "kubernetes", "monitoring", "delivery", "shell", "leftovers")
KUBERNETES = "1.33"


def main() -> int:
    parser = argparse.ArgumentParser(prog="check-rendered", description="Checks a tree that plimsoll render wrote.")
    parser.add_argument("directory", type=pathlib.Path, metavar="DIR", nargs="?")
    parser.add_argument("--only", default=",".join(CHECKS), metavar="CHECK,…", help=f"of {', '.join(CHECKS)}")
    parser.add_argument("--kubernetes", default=KUBERNETES, metavar="VERSION", help=f"default: {KUBERNETES}")
    parser.add_argument("--output", choices=("text", "json"), default="text")
    parser.add_argument("--check-tables", action="store_true", help=argparse.SUPPRESS)
    try:
        arguments = parser.parse_args()
    except SystemExit as end:
        return 64 if end.code else 0
    if arguments.check_tables:
        unknown = importlib.import_module("azurerm_schema").unknown_paths()
        unknown += importlib.import_module("kubernetes_schema").Schemas(arguments.kubernetes).rules_beyond_us()
        print(json.dumps(unknown))
        return 0
    if arguments.directory is None:
        parser.print_usage(sys.stderr)
        return 64
    chosen = arguments.only.split(",")
    if not set(chosen) <= set(CHECKS):
        print(f"check-rendered: no such check: {', '.join(sorted(set(chosen) - set(CHECKS)))}", file=sys.stderr)
        return 64
    if not arguments.directory.is_dir():
        print(f"check-rendered: {arguments.directory} is not a directory", file=sys.stderr)
        return 64
    try:
        findings, counts = run(arguments.directory, [name for name in CHECKS if name in chosen], arguments.kubernetes)
    except CannotCheck as error:
        print(f"check-rendered: {error}", file=sys.stderr)
        return 2
    except Exception:
        # A crash must not look like "something was found".
        traceback.print_exc()
        return 2
    return tell(findings, counts, arguments.output)


def run(directory: pathlib.Path, chosen: list[str], kubernetes: str) -> tuple[list[Finding], Counts]:
    tree, counts = Tree(directory.resolve()), Counts()
    tree.kubernetes = kubernetes
    findings: set[Finding] = set()
    for name in chosen:
        began = time.monotonic()
        findings |= set(importlib.import_module(name).check(tree, counts))
        print(f"check-rendered: {name}: {time.monotonic() - began:.1f} s", file=sys.stderr)
    for file in tree.yaml_files:
        tree.yaml(file)
    for file in tree.matching(".json"):
        tree.json(file)
    findings |= set(tree.problems)
    return sorted(findings), counts


def tell(findings: list[Finding], counts: Counts, output: str) -> int:
    without = sorted(given_up())
    if output == "json":
        json.dump(
            {"findings": [vars(finding) for finding in findings], "checked": counts, "without": without}, sys.stdout
        )
        print()
    else:
        for finding in findings:
            print(finding)
    if without:
        print(f"check-rendered: NOT CHECKED, by PLIMSOLL_WITHOUT: what needs {', '.join(without)}", file=sys.stderr)
    looked_at = ", ".join(f"{number} {what}" for what, number in counts.items()) or "nothing that any check knows"
    print(f"check-rendered: {len(findings)} findings; looked at {looked_at}", file=sys.stderr)
    # A tree in which nothing could be checked has not passed.
    return 1 if findings or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
