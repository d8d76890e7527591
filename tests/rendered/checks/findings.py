"""What a check has to say, and how a run ends."""

from __future__ import annotations

import dataclasses
import os
import shutil


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong, at one place. `file` is relative to the tree, `line` is 0 where nobody knows it."""

    file: str
    line: int
    check: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.check}: {self.message}"


class CannotCheck(Exception):
    """The machine lacks something, or a tool failed in a way that says nothing about the tree: exit code 2."""


class Counts(dict):
    """How much was looked at. A check that looked at nothing proves nothing, and the caller can tell."""

    def add(self, what: str, number: int = 1) -> None:
        self[what] = self.get(what, 0) + number


def given_up() -> set[str]:
    """Tools that somebody decided to do without: PLIMSOLL_WITHOUT=terraform,kubectl."""
    return {word.strip() for word in os.environ.get("PLIMSOLL_WITHOUT", "").split(",") if word.strip()}


def tool(name: str, hint: str) -> str | None:
    """The path of a program; None when it was given up on purpose. A missing one must not look like success."""
    if name in given_up():
        return None
    path = shutil.which(name)
    if path is None:
        raise CannotCheck(f"there is no {name} on this machine ({hint}; or set PLIMSOLL_WITHOUT={name} to do without)")
    return path
