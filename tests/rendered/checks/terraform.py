"""Terraform: formatting, `init`, `validate` and `plan` of every stack, offline, by the real terraform.

A stack is a directory whose `terraform` block names a backend; where none does, a directory that no other one uses
as a module. Each is planned in a copy of the tree with its state kept beside it. A stack that reads another one's
outputs (`terraform_remote_state`) comes after it: the other is applied first, to that stand-in, and its real state
file is read.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
from typing import Iterator

import plans
from azurerm_provider import SOURCE, Server
from azurerm_schema import VERSION
from findings import CannotCheck, Counts, Finding, tool
from tree import Tree

CHECK = "terraform"
OVERRIDE = "check_override.tf"
# `terraform fmt` puts every top-level block at the start of a line, and its end alone on one.
_BLOCK = re.compile(r'^(\w+)((?: "[^"\n]*")*) \{(?:\n(.*?)^)?\}', re.MULTILINE | re.DOTALL)
_BACKEND_ARGUMENTS = {
    "resource_group_name", "storage_account_name", "container_name", "key", "snapshot", "environment", "endpoint",
    "metadata_host", "subscription_id", "tenant_id", "client_id", "use_azuread_auth", "use_cli", "use_msi", "use_oidc",
    "lookup_blob_endpoint", "use_aks_workload_identity",
}  # fmt: skip
_WORDS = {
    "subscription_id": "00000000-0000-0000-0000-000000000001",
    "tenant_id": "00000000-0000-0000-0000-000000000002",
    "object_id": "00000000-0000-0000-0000-000000000003",
    "principal_id": "00000000-0000-0000-0000-000000000003",
    "client_id": "00000000-0000-0000-0000-000000000004",
}


@dataclasses.dataclass
class Block:
    """One top-level block of one file."""

    file: str
    line: int
    kind: str
    labels: list[str]
    body: str

    def literal(self, argument: str) -> str | None:
        found = re.search(rf'^\s*{argument}\s*=\s*"([^"$]*)"', self.body, re.MULTILINE)
        return found.group(1) if found else None


@dataclasses.dataclass
class Directory:
    """One directory with Terraform files."""

    name: str
    blocks: list[Block]

    def of(self, kind: str, label: str | None = None) -> list[Block]:
        return [b for b in self.blocks if b.kind == kind and (label is None or b.labels[:1] == [label])]

    def backend(self) -> tuple[Block, str] | None:
        for block in self.of("terraform"):
            found = re.search(r'^\s*backend "(\w+)" \{(.*?)\}', block.body, re.MULTILINE | re.DOTALL)
            if found:
                return block, found.group(2) if found.group(1) == "azurerm" else ""
        return None

    def state_key(self) -> str | None:
        backend = self.backend()
        found = backend and re.search(r'\bkey\s*=\s*"([^"]*)"', backend[1])
        return found.group(1) if found else None


def check(tree: Tree, counts: Counts) -> Iterator[Finding]:
    files = tree.matching(".tf")
    if not files:
        return
    terraform = tool("terraform", "install Terraform 1.9 or newer")
    directories = _read(tree, files)
    tree.understood |= set(files) | set(tree.matching(".tfvars", ".tfvars.json", ".tfvars.example"))
    yield from _check_providers(directories)
    stacks, unused = _stacks(directories)
    for name in unused:
        yield Finding(directories[name].blocks[0].file, 1, CHECK, "this module is used by no stack")
    if terraform is None:
        return
    used = {b.labels[0] for d in directories.values() for b in d.of("resource") if b.labels}
    with tempfile.TemporaryDirectory(prefix="plimsoll-terraform-") as scratch, Server(used) as server:
        run = _Run(terraform, tree, pathlib.Path(scratch), server)
        yield from run.check_format()
        yield from run.check_stacks(stacks)
    counts.add("terraform stacks", len(stacks))
    counts.add("terraform resources", run.planned)


def _read(tree: Tree, files: list[str]) -> dict[str, Directory]:
    directories: dict[str, Directory] = {}
    for file in files:
        text = tree.text(file)
        name = str(pathlib.PurePosixPath(file).parent)
        blocks = [
            Block(
                file,
                text.count("\n", 0, found.start()) + 1,
                found.group(1),
                re.findall(r'"([^"]*)"', found.group(2)),
                found.group(3) or "",
            )
            for found in _BLOCK.finditer(text)
        ]
        directories.setdefault(name, Directory(name, [])).blocks += blocks
    return directories


def _modules(directory: Directory) -> Iterator[tuple[Block, str]]:
    for block in directory.of("module"):
        source = block.literal("source") or ""
        if source.startswith("."):
            yield block, os.path.normpath(os.path.join(directory.name, source))


def _stacks(directories: dict[str, Directory]) -> tuple[list[Directory], list[str]]:
    """Stacks, those first that others read; and the directories nobody uses."""
    called = {target for d in directories.values() for _, target in _modules(d)}
    stacks = [d for d in directories.values() if d.backend()] or [
        d for d in directories.values() if d.name not in called
    ]
    unused = sorted(set(directories) - called - {d.name for d in stacks})
    by_key = {d.state_key(): d for d in stacks if d.state_key()}
    ordered: list[Directory] = []

    def visit(stack: Directory, above: tuple[str, ...]) -> None:
        if stack in ordered or stack.name in above:
            return
        for block in stack.of("data", "terraform_remote_state"):
            other = by_key.get(block.literal("key"))
            if other:
                visit(other, (*above, stack.name))
        ordered.append(stack)

    for stack in stacks:
        visit(stack, ())
    return ordered, unused


def _check_providers(directories: dict[str, Directory]) -> Iterator[Finding]:
    for directory in directories.values():
        for block in directory.of("terraform"):
            for source in re.findall(r'source\s*=\s*"([^"]+)"', block.body):
                if source != SOURCE:
                    yield Finding(
                        block.file, block.line, CHECK, f"provider {source} is needed, and there is no schema of it here"
                    )
            for wanted in re.findall(r"azurerm\s*=\s*\{[^}]*version\s*=\s*\"([^\"]+)\"", block.body):
                if not _admits(wanted):
                    yield Finding(
                        block.file,
                        block.line,
                        CHECK,
                        f"azurerm {wanted} is asked for, and the schema here is {VERSION}",
                    )
        backend = directory.backend()
        if backend:
            for name in re.findall(r"^\s*(\w+)\s*=", backend[1], re.MULTILINE):
                if name not in _BACKEND_ARGUMENTS:
                    yield Finding(
                        backend[0].file, backend[0].line, CHECK, f"the azurerm backend has no argument {name!r}"
                    )


def _admits(wanted: str) -> bool:
    """Whether a constraint admits the schema's version. Terraform does not ask: the provider is handed to it."""
    have = [int(part) for part in VERSION.split(".")]
    for clause in wanted.split(","):
        sign, _, text = clause.strip().rpartition(" ")
        given = [int(part) for part in text.split(".")]
        low = given + [0] * (3 - len(given))
        met = {
            "": have == low, "=": have == low, "!=": have != low, ">": have > low, ">=": have >= low, "<": have < low,
            "<=": have <= low, "~>": have >= low and have[: len(given) - 1] == given[:-1],
        }  # fmt: skip
        if not met.get(sign, False):
            return False
    return True


class _Run:
    """One copy of the tree and the commands run in it."""

    def __init__(self, terraform: str, tree: Tree, scratch: pathlib.Path, server: Server):
        self.terraform, self.tree, self.scratch = terraform, tree, scratch
        self.copy = scratch / "tree"
        self.planned = 0
        self.all_planned: list[plans.Planned] = []
        self.server = server
        self.states: dict[str, pathlib.Path] = {}
        # Anything that is not served here must fail at once instead of being looked for in the network.
        (scratch / "mirror").mkdir()
        config = scratch / "terraformrc"
        config.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{scratch}/mirror" }}\n}}\n')
        shutil.copytree(tree.root, self.copy, ignore=shutil.ignore_patterns(".terraform*"))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "ARM_"))}
        self.environment = kept | {
            "TF_REATTACH_PROVIDERS": server.reattach(),
            "TF_CLI_CONFIG_FILE": str(config),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }

    def call(self, directory: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [self.terraform, *arguments], cwd=directory, env=self.environment, text=True, timeout=300,
                stdin=subprocess.DEVNULL, capture_output=True, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise CannotCheck(f"terraform {arguments[0]} took longer than {error.timeout:.0f} s") from error

    def check_format(self) -> Iterator[Finding]:
        done = self.call(self.copy, "fmt", "-check", "-recursive", "-no-color")
        for file in done.stdout.split():
            yield Finding(file, 0, CHECK, "terraform fmt would write it differently")
        if done.returncode not in (0, 3):
            yield from self.from_text(".", done.stderr)

    def check_stacks(self, stacks: list[Directory]) -> Iterator[Finding]:
        read = {b.literal("key") for s in stacks for b in s.of("data", "terraform_remote_state")}
        for stack in stacks:
            place = self.copy / stack.name
            found = list(self.prepare(stack, place))
            if not found:
                found = list(self.check_stack(stack, place, is_read=stack.state_key() in read))
            yield from found
        # A name is looked at once for each stack, not again for each of its files of values.
        yield from (Finding("terraform", 0, CHECK, said) for said in plans.check_all(self.all_planned))

    def prepare(self, stack: Directory, place: pathlib.Path) -> Iterator[Finding]:
        """Writes what makes the stack plannable here: a local state, the states it reads, values of its variables."""
        lines = ['terraform {\n  backend "local" {}\n}\n']
        for block in stack.of("data", "terraform_remote_state"):
            state = self.states.get(block.literal("key") or "")
            if state is None:
                yield Finding(
                    block.file, block.line, CHECK, f"no stack before this one writes the state {block.literal('key')!r}"
                )
            else:
                lines.append(
                    f'data "terraform_remote_state" "{block.labels[1]}" {{\n  backend = "local"\n'
                    f'  config  = {{ path = "{state}" }}\n}}\n'
                )
        (place / OVERRIDE).write_text("\n".join(lines))
        values = {}
        for block in stack.of("variable"):
            if not re.search(r"^\s*default\s*=", block.body, re.MULTILINE) and not _is_set(place, block.labels[0]):
                value = _example(block)
                if value is None:
                    yield Finding(
                        block.file, block.line, CHECK,
                        f"variable {block.labels[0]} has neither a default nor a value in a .tfvars file",
                    )  # fmt: skip
                values[block.labels[0]] = value
        (place / "check.auto.tfvars.json").write_text(json.dumps(values))

    def check_stack(self, stack: Directory, place: pathlib.Path, is_read: bool) -> Iterator[Finding]:
        done = self.call(place, "init", "-input=false", "-no-color")
        if done.returncode:
            yield from self.from_text(stack.name, done.stderr or done.stdout)
            return
        done = self.call(place, "validate", "-json")
        wrong = list(self.from_json(stack.name, done.stdout))
        yield from wrong
        if wrong:
            return
        files = sorted(p.name for p in place.glob("*.tfvars*") if not _is_automatic(p.name))
        for file in files or [None]:
            arguments = ["plan", "-input=false", "-refresh=false", "-lock=false", "-json", "-out=check.plan"]
            done = self.call(place, *arguments, *([f"-var-file={file}"] if file else []))
            yield from self.from_lines(stack.name, done)
            planned = self.server.take_planned()
            self.planned += _planned(done.stdout)
            yield from (Finding(stack.name, 0, CHECK, said) for said in plans.check_stack(planned))
            if file == (files or [None])[0]:
                self.all_planned += planned
        if is_read and not done.returncode:
            done = self.call(place, "apply", "-input=false", "-lock=false", "-json", "check.plan")
            yield from self.from_lines(stack.name, done)
            self.server.take_planned()
            self.states[stack.state_key() or ""] = place / "terraform.tfstate"

    # --- what terraform says

    def finding(self, stack: str, diagnostic: dict) -> Finding:
        where = diagnostic.get("range") or {}
        file = os.path.normpath(os.path.join(stack, where["filename"])) if where else stack
        words = [diagnostic.get("summary", ""), diagnostic.get("detail", "")]
        address = f"{diagnostic['address']}: " if diagnostic.get("address") else ""
        message = address + " ".join(": ".join(word for word in words if word).split())
        return Finding(file, where.get("start", {}).get("line", 0), CHECK, message)

    def from_json(self, stack: str, text: str) -> Iterator[Finding]:
        for diagnostic in json.loads(text)["diagnostics"]:
            yield self.finding(stack, diagnostic)

    def from_lines(self, stack: str, done: subprocess.CompletedProcess[str]) -> Iterator[Finding]:
        told = False
        for line in done.stdout.splitlines():
            entry = json.loads(line) if line.startswith("{") else {}
            if entry.get("type") == "diagnostic":
                told = True
                yield self.finding(stack, entry["diagnostic"])
        if done.returncode and not told:
            raise CannotCheck(
                f"terraform failed in {stack} without saying why: {done.stdout[-500:]}{done.stderr[-500:]}"
            )

    def from_text(self, stack: str, text: str) -> Iterator[Finding]:
        words = " ".join(re.sub(r"[│╷╵]", " ", text).split())
        yield Finding(stack, 0, CHECK, words[:600] or "terraform failed without a word")


def _planned(text: str) -> int:
    return sum('"type":"planned_change"' in line for line in text.splitlines())


def _is_automatic(name: str) -> bool:
    return name in ("terraform.tfvars", "terraform.tfvars.json") or ".auto.tfvars" in name


def _is_set(place: pathlib.Path, variable: str) -> bool:
    """Whether some file of values names the variable."""
    pattern = re.compile(rf'^\s*"?{re.escape(variable)}"?\s*[=:]', re.MULTILINE)
    return any(pattern.search(path.read_text()) for path in place.glob("*.tfvars*"))


def _example(block: Block) -> object:
    """A value of the variable's type; None where that needs knowledge nobody wrote down."""
    found = re.search(r"^\s*type\s*=\s*(\w+)", block.body, re.MULTILINE)
    kind = found.group(1) if found else "string"
    name = block.labels[0]
    if kind == "string":
        return next(
            (value for ending, value in _WORDS.items() if name.endswith(ending)), f"check-{name}".replace("_", "-")
        )
    return {"number": 1, "bool": True, "list": [], "set": [], "map": {}}.get(kind)
