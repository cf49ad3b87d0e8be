"""Runs the steps of a composite action as GitHub's runner does, with stand-ins for the actions that it uses.

Only what action.yml uses of the syntax is known; anything else is refused, so that a test can't pass by overlooking it.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")
_TERM = re.compile(r"([\w.-]+) (==|!=) '([^']*)'")
_STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "shell", "env"}

Action = Callable[[Mapping[str, str]], None]


class UnknownSyntax(Exception):  # noqa: N818 - the name says it
    """Something in the action that this runner doesn't know."""


@dataclass
class Runner:
    """A job's machine: its `workspace`, its folder for temporary files, its environment.

    `actions` holds a stand-in for each action that a step may use, by its name without the commit.
    """

    workspace: Path
    temp: Path
    environment: Mapping[str, str]
    actions: Mapping[str, Action] = field(default_factory=dict)
    log: str = ""

    @property
    def summary(self) -> Path:
        """The summary of the step."""
        return self.temp / "summary.md"

    def run(self, folder: Path, **inputs: str) -> tuple[bool, dict[str, str]]:
        """Run the action in `folder`; return whether it succeeded, and its outputs."""
        action = yaml.safe_load((folder / "action.yml").read_text("utf-8"))
        if action["runs"]["using"] != "composite":
            raise UnknownSyntax(action["runs"]["using"])
        known = {name: str(each.get("default", "")) for name, each in action["inputs"].items()}
        if unknown := {*inputs} - {*known}:
            raise UnknownSyntax(f"inputs {sorted(unknown)}")
        values = {f"inputs.{name}": value for name, value in {**known, **inputs}.items()}
        values |= {"runner.temp": str(self.temp), "github.workspace": str(self.workspace)}
        succeeded = True
        for number, step in enumerate(action["runs"]["steps"]):
            if succeeded and _holds(step.get("if", ""), values):
                succeeded = self._run_step(step, values, folder, number)
        outputs = {name: _filled(each["value"], values) for name, each in action["outputs"].items()}
        return succeeded, outputs

    def _run_step(self, step: dict[str, Any], values: dict[str, str], folder: Path, number: int) -> bool:
        if unknown := {*step} - _STEP_KEYS:
            raise UnknownSyntax(f"keys of a step: {sorted(unknown)}")
        if "uses" in step:
            if not _PINNED.fullmatch(step["uses"]):
                raise UnknownSyntax(f"{step['uses']} is not pinned by a commit")
            given = {name: _filled(str(value), values) for name, value in step["with"].items()}
            self.actions[step["uses"].partition("@")[0]](given)
            return True
        return self._run_script(step, values, folder, number)

    def _run_script(self, step: dict[str, Any], values: dict[str, str], folder: Path, number: int) -> bool:
        """Run a script with the command that `shell: bash` stands for."""
        if step["shell"] != "bash":
            raise UnknownSyntax(step["shell"])
        if _EXPRESSION.search(step["run"]):
            raise UnknownSyntax("an expression in a script: whoever chooses its value could write commands")
        script, output = self.temp / f"{number}.sh", self.temp / f"{number}.output"
        script.write_text(step["run"])
        output.touch()
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
            cwd=self.workspace,
            env={
                **self.environment,
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(folder),
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_ENV": str(self.temp / f"{number}.env"),
                "RUNNER_TEMP": str(self.temp),
                **{name: _filled(str(value), values) for name, value in step.get("env", {}).items()},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.log += ended.stdout
        if identifier := step.get("id"):
            lines = (line.partition("=") for line in output.read_text().splitlines())
            values |= {f"steps.{identifier}.outputs.{name}": value for name, _, value in lines}
        return ended.returncode == 0


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with its expressions replaced. An output that no step has set is empty, as on GitHub."""

    def value(expression: re.Match[str]) -> str:
        name = expression[1].strip()
        if name in values or re.fullmatch(r"steps\.\w+\.outputs\.\w+", name):
            return values.get(name, "")
        raise UnknownSyntax(expression[0])

    return _EXPRESSION.sub(value, text)


def _holds(condition: str, values: Mapping[str, str]) -> bool:
    """Whether the condition of a step holds: comparisons of a value with a text, joined by ``&&``."""
    terms = [term.strip() for term in condition.split("&&")] if condition else []
    found = [(_TERM.fullmatch(term), term) for term in terms]
    for match, term in found:
        if match is None or match[1] not in values:
            raise UnknownSyntax(term)
    return all((values[match[1]] == match[3]) == (match[2] == "==") for match, _ in found if match)
