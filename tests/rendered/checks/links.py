"""Links of Markdown pages to other files of the tree: a runbook is read when nobody has time to search."""

from __future__ import annotations

import pathlib
import re
from typing import Iterator

from findings import Counts, Finding
from tree import Tree

CHECK = "links"
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)


def check(tree: Tree, counts: Counts) -> Iterator[Finding]:
    for file in tree.matching(".md"):
        tree.understood.add(file)
        text = _without_code(tree.text(file))
        for found in _LINK.finditer(text):
            target, _, anchor = found.group(1).partition("#")
            if re.match(r"\w+:", target):
                continue
            counts.add("links between pages")
            line = text.count("\n", 0, found.start()) + 1
            path = _normal(pathlib.PurePosixPath(file).parent / target) if target else file
            if path not in tree.files and not (tree.root / path).is_dir():
                yield Finding(file, line, CHECK, f"{target} is not in the tree")
            elif anchor and path.endswith(".md") and anchor not in anchors(tree.text(path)):
                yield Finding(file, line, CHECK, f"{path} has no heading #{anchor}")


def _without_code(text: str) -> str:
    """The text with code blanked out, its lines kept."""
    return re.sub(r"```.*?```|`[^`\n]*`", lambda code: "\n" * code.group().count("\n"), text, flags=re.DOTALL)


def _normal(path: pathlib.PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def anchors(text: str) -> set[str]:
    """The headings of a page, as links name them."""
    headings = _HEADING.findall(_without_code(text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
