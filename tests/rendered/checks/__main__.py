"""Checks rendered trees: python checks DIR… [--only CHECK,…] [--kubernetes VERSION] [--output text|json].

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
CHECKS = ("terraform", "kubernetes", "monitoring", "delivery", "shell", "links", "leftovers")
KUBERNETES = "1.33"


def main() -> int:
    parser = argparse.ArgumentParser(prog="check-rendered", description="Checks trees that plimsoll render wrote.")
    parser.add_argument("directories", type=pathlib.Path, metavar="DIR", nargs="*")
    parser.add_argument("--only", default=",".join(CHECKS), metavar="CHECK,…", help=f"of {', '.join(CHECKS)}")
    parser.add_argument("--kubernetes", default=KUBERNETES, metavar="VERSION", help=f"default: {KUBERNETES}")
    parser.add_argument("--output", choices=("text", "json"), default="text")
    parser.add_argument("--check-tables", action="store_true", help=argparse.SUPPRESS)
    try:
        arguments = parser.parse_args()
        refuse_bad_usage(parser, arguments)
    except SystemExit as end:
        return 64 if end.code else 0
    try:
        if arguments.check_tables:
            return tell_tables(arguments.kubernetes)
        chosen = [name for name in CHECKS if name in arguments.only.split(",")]
        codes = [
            tell(path, *run(path, chosen, arguments.kubernetes), arguments.output) for path in arguments.directories
        ]
        return max(codes)
    except CannotCheck as error:
        print(f"check-rendered: {error}", file=sys.stderr)
        return 2
    except Exception:
        # A crash must not look like "something was found".
        traceback.print_exc()
        return 2


def refuse_bad_usage(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    if not arguments.directories and not arguments.check_tables:
        parser.error("which directory?")
    for name in arguments.only.split(","):
        if name not in CHECKS:
            parser.error(f"there is no check {name!r}")
    if "leftovers" in arguments.only.split(",") and set(arguments.only.split(",")) != set(CHECKS):
        parser.error("leftovers are what all other checks leave: it needs them all")
    for path in arguments.directories:
        if not path.is_dir():
            parser.error(f"{path} is not a directory")


def run(directory: pathlib.Path, chosen: list[str], kubernetes: str) -> tuple[list[Finding], Counts]:
    tree, counts = Tree(directory.resolve(), kubernetes), Counts()
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


def tell(directory: pathlib.Path, findings: list[Finding], counts: Counts, output: str) -> int:
    """Prints what was found; as JSON one line for each tree."""
    without = sorted(given_up())
    if output == "json":
        found = [vars(finding) for finding in findings]
        print(json.dumps({"tree": str(directory), "findings": found, "checked": counts, "without": without}))
    else:
        for finding in findings:
            print(finding)
    if without:
        print(f"check-rendered: NOT CHECKED, by PLIMSOLL_WITHOUT: what needs {', '.join(without)}", file=sys.stderr)
    looked_at = ", ".join(f"{number} {what}" for what, number in counts.items()) or "nothing that any check knows"
    print(f"check-rendered: {directory}: {len(findings)} findings; looked at {looked_at}", file=sys.stderr)
    # A tree in which nothing could be checked has not passed.
    return 1 if findings or not counts else 0


def tell_tables(kubernetes: str) -> int:
    """For the tests: entries of tables made by hand that name nothing, and rules that cannot be evaluated."""
    unknown = importlib.import_module("azurerm_schema").unknown_paths()
    unknown += importlib.import_module("kubernetes_schema").Schemas(kubernetes).rules_beyond_us()
    print(json.dumps(unknown))
    return 0


if __name__ == "__main__":
    sys.exit(main())
