"""Shell: scripts, steps of workflows and pipelines, and the commands that runbooks ask people to paste.

shellcheck reads them all. What a runbook leaves for its reader to fill in, `<like this>`, stands for a word.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any, Iterator

from delivery import is_pipeline, is_workflow
from findings import Counts, Finding, tool
from tree import Tree

CHECK = "shell"
_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_SHELLS = ("sh", "bash", "shell", "console")
# In a snippet these are not mistakes: variables set by the reader or an earlier snippet, `cd` that may fail loudly.
_SNIPPET_EXCLUDES = "SC2154,SC2164,SC1091"
# Environments set a step's variables, and expressions were replaced by a word.
_STEP_EXCLUDES = "SC2154,SC1091,SC2050,SC2193,SC2157,SC2194"


def check(tree: Tree, counts: Counts) -> Iterator[Finding]:
    scripts = []
    for file in tree.files:
        if file.endswith(".sh") or _has_shebang(tree, file):
            tree.understood.add(file)
            scripts.append((file, 0, tree.text(file), "", "SC1091"))
    for file in tree.matching(".md"):
        tree.understood.add(file)
        text = tree.text(file)
        if text.count("```") % 2:
            yield Finding(file, 0, CHECK, "a code block is opened and not closed")
        for found in _FENCE.finditer(text):
            if found.group(2) in _SHELLS:
                line = text.count("\n", 0, found.start(3))
                scripts.append((file, line, _pasted(found.group(3), found.group(2)), "bash", _SNIPPET_EXCLUDES))
    for file in tree.yaml_files:
        for document in tree.yaml(file, core=True):
            if is_workflow(file) or is_pipeline(document.data):
                for path, text in _steps(document.data, ()):
                    shown = re.sub(r"\$\{\{.*?\}\}", "expression", text, flags=re.DOTALL)
                    shown = re.sub(r"\$\((\w+(?:\.\w+)+)\)", "macro", shown)
                    scripts.append((file, document.line(path), shown, "bash", _STEP_EXCLUDES))
    if not scripts:
        return
    shellcheck = tool("shellcheck", "script/check-rendered installs it")
    for file, line, text, shell, excludes in scripts:
        counts.add("shell scripts and snippets")
        if shellcheck:
            yield from _lint(shellcheck, file, line, text, shell, excludes)


def _has_shebang(tree: Tree, file: str) -> bool:
    with (tree.root / file).open("rb") as opened:
        return re.match(rb"#!.*\b(ba)?sh\b", opened.readline(100)) is not None


def _pasted(text: str, language: str) -> str:
    if language == "console":
        # Only lines with a prompt are typed; the rest is what the program answers.
        text = "\n".join(line[2:] if line.startswith("$ ") else "" for line in text.splitlines())
    return re.sub(r"<[a-zA-Z][\w .:/-]*>", "placeholder", text)


def _steps(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, dict):
        shell = str(value.get("shell") or (value.get("inputs") or {}).get("scriptType") or "bash")
        for key, inner in value.items():
            if key in ("run", "bash", "script", "inlineScript") and isinstance(inner, str):
                if "bash" in shell or shell == "sh":
                    yield (*path, key), inner
            else:
                yield from _steps(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _steps(inner, (*path, index))


def _lint(shellcheck: str, file: str, line: int, text: str, shell: str, excludes: str) -> Iterator[Finding]:
    command = [shellcheck, "--format=json", "--severity=info", f"--exclude={excludes}"]
    done = subprocess.run(
        [*command, *([f"--shell={shell}"] if shell else []), "-"],
        input=text, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    for told in json.loads(done.stdout or "[]"):
        yield Finding(file, line + told["line"], CHECK, f"SC{told['code']}: {told['message']}")
