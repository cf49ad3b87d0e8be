"""Everything that evidence calls, combined with every kind of error.

Verdicts, exit status and all the rest of the evidence are those of the same run without the fault, and what is missing
is listed.
"""

from __future__ import annotations

import errno
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker.errors
import PIL.Image
import pytest
import requests
from inner_fixtures import StandInStack
from inner_run import BEYOND, HELD, LOST, InnerRun, Runs
from PIL import UnidentifiedImageError

import fixtures.evidence
from fixtures.terminal_progress import TerminalProgress
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.core.verdict import MARKS
from media_guarantees.engine.connection import Engine
from media_guarantees.evidence import failure_evidence, run_report, thumbnails
from media_guarantees.evidence.formats import bundle, github
from media_guarantees.evidence.outbound import seal
from media_guarantees.evidence.recorder import Recorder

FILES = tuple(bundle.FILES)
KEPT = ("logs/test_lost.log", "logs/test_beyond.log", "differences/test_lost.txt")
JSON = ("guarantees.json", "json", "engine")


GAPS = "evidence that could not be gathered"


def _undecodable() -> Exception:
    return UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")


# What can go wrong: each makes a new error.
ERRORS: dict[str, Callable[[], Exception]] = {
    "no space": lambda: OSError(errno.ENOSPC, "No space left on device"),
    "no permission": lambda: PermissionError(errno.EACCES, "Permission denied"),
    "the engine is gone": lambda: docker.errors.DockerException("Error while fetching server API version"),
    "a command times out": lambda: subprocess.TimeoutExpired("docker-compose logs", 10),
    "a request times out": lambda: requests.exceptions.ReadTimeout("timed out"),
    "no picture": lambda: UnidentifiedImageError("cannot identify image file"),
    "no text": _undecodable,
    "unproven": lambda: Unproven("the service publishes no port"),
    "a broken promise": lambda: PromiseBroken("no answer", means="nothing is served"),
    "a bug": lambda: KeyError("name"),
    "too deep": lambda: RecursionError("maximum recursion depth exceeded"),
}


@dataclass(frozen=True)
class Call:
    """Something that evidence calls, what may be missing or different if it fails, and whether a gap is listed."""

    owner: Any
    name: str
    spoils: tuple[str, ...] = ()
    has_gap: bool = True
    is_item: bool = False


def form(name: str) -> Call:
    """Making one of the files."""
    beside = {"guarantees.json": (*JSON, "statement.json"), "guarantees.html": ("pictures",)}
    return Call(bundle.FILES, name, (name, *beside.get(name, ())), is_item=True)


def shown(name: str, *spoils: str, has_gap: bool = True) -> Call:
    """Writing something to the terminal."""
    return Call(TerminalProgress, name, spoils, has_gap)


CALLS = {
    "the stack's logs": Call(StandInStack, "logs", KEPT[:2]),
    "whether the platform answers": Call("pictures", "answers", ("pictures",)),
    "a picture as it is served": Call("pictures", "fetch", ("pictures",)),
    "a thumbnail": Call(PIL.Image, "open", ("pictures",), has_gap=False),
    "all thumbnails": Call(thumbnails, "pairs", ("pictures",)),
    "a test's message": Call(fixtures.evidence, "message_of", ("json", "explanations", "annotations")),
    "a log's file": Call(failure_evidence, "write_file", KEPT),
    "the engine's facts": Call(Engine, "facts", ("engine",)),
    "how long steps took": Call(fixtures.evidence, "recall"),
    "how long they take": Call(run_report, "remember", ("durations",)),
    "the guide": Call(run_report, "read_guide", ("json", "explanations", "annotations")),
    "a promise": Call(bundle, "find_promise", ("json", "explanations", "annotations")),
    **{f"making {name}": form(name) for name in FILES},
    "writing a file": Call(bundle, "atomic_write", (*FILES, *KEPT, *JSON, "statement.json", "pictures")),
    "the link to the newest run": Call(bundle, "atomic_link", ("latest",)),
    "the summary of a job": Call(github, "summarize", ("summary",)),
    "the annotations": Call(github, "annotate", ("annotations",)),
    "the digest of what is tested": Call(fixtures.evidence, "sha256_of", ("statement.json",)),
    "the statement": Call(seal, "as_statement", ("statement.json",)),
    "a step of the journal": Call(Recorder, "_hear_step", ("durations", "steps")),
    "the status line": shown("show"),
    "hiding it": shown("hide"),
    "closing it": shown("close", has_gap=False),
    "showing a step": shown("report_step", "steps"),
    "counting tests": shown("count", "verdicts"),
    "showing a verdict": shown("write_verdict", "verdicts"),
    "a line": shown("write", "steps", "verdicts"),
    "the table": shown("write_table", "table"),
    "the explanations": shown("write_explanations", "explanations"),
    "the gaps": shown("write_gaps", has_gap=False),
    "the result": shown("write_result", "result", has_gap=False),
    "lines for GitHub": shown("write_lines", "annotations"),
}


class Fault:
    """A plugin that lets a call fail, from when the stack is up, where it is the stack that is called."""

    def __init__(self, call: Call, error: Callable[[], Exception]) -> None:
        self._call = call
        self._error = error

    def fail(self, *_: object, **__: object) -> Any:
        """Raise the error."""
        raise self._error()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self) -> Any:
        """Break the platform of the stack that has just started."""
        value = yield
        if isinstance(value, StandInStack) and self._call.owner == "pictures":
            setattr(value.pictures, self._call.name, self.fail)
        return value

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Break everything else before the run."""
        if self._call.is_item:
            patch.setitem(self._call.owner, self._call.name, self.fail)
        elif self._call.name == "facts":
            patch.setattr(self._call.owner, self._call.name, property(self.fail))
        elif self._call.owner != "pictures":
            patch.setattr(self._call.owner, self._call.name, self.fail)


def aspects(run: InnerRun) -> dict[str, Any]:
    """Return everything that a run leaves, by name, for comparison with another run."""
    home = run.reports.parent
    folders = list(run.reports.glob("2*"))
    folder = folders[0] if folders else home / "no folder"
    lines = run.output.replace(str(home), "").splitlines()
    page = folder / "guarantees.html"
    return {
        "status": run.status,
        "result": run.result_line,
        "verdicts": [
            line.partition(" s  ")[2] for line in lines if line.startswith(("✓", "✗", "?")) and " s  " in line
        ],
        "steps": [line.partition(" s  ")[2] for line in lines if line.startswith("·")],
        "table": [line for line in lines if line[2:11].strip() in MARKS],
        "explanations": [line for line in lines if line.startswith(("promised: ", "seen: ", "means: "))],
        "annotations": [line for line in lines if line.startswith("::")],
        "summary": (home / "summary.md").exists(),
        "durations": (home / ".cache" / "step-durations.json").exists(),
        "latest": (run.reports / "latest").exists(),
        "pictures": page.read_text().count("data:image/webp") if page.exists() else 0,
        "junit.xml": (folder / "junit.xml").exists(),
        **{name: (folder / name).exists() for name in (*FILES, *KEPT, "statement.json")},
        **_from_json(folder / "guarantees.json", home),
    }


def _from_json(file: Path, home: Path) -> dict[str, Any]:
    if not file.exists():
        return {"json": None, "engine": None}
    evidence = json.loads(file.read_text().replace(str(home), ""))
    for guarantee in evidence["guarantees"]:
        for test in guarantee["tests"]:
            del test["seconds"]
    judged = {name: evidence[name] for name in ("verdict", "complete", "reason", "not_run", "guarantees")}
    return {"json": judged, "engine": evidence["engine"]}


USUAL: dict[str, Any] = {}  # of the run without a fault, which is made once


@pytest.fixture(name="usual")
def _usual(runs: Runs, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A run without a fault, as a job on GitHub, where evidence does most."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    if not USUAL:
        folder = tmp_path_factory.mktemp("usual")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
            USUAL.update(aspects(Runs(folder).run(HELD, LOST, BEYOND)))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(runs.folder / "summary.md"))
    return USUAL


def test_the_run_without_a_fault_leaves_everything(usual: dict[str, Any]) -> None:
    assert [name for name, seen in usual.items() if not seen] == []
    assert usual["status"] == 1
    assert usual["result"].startswith("broken: 1 proved, 2 broken, ")
    assert usual["pictures"] == 2


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("name", CALLS)
def test_a_fault_changes_nothing_but_what_it_concerns(
    runs: Runs, usual: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    call, fault = CALLS[name], Fault(CALLS[name], ERRORS[kind])
    fault.install(monkeypatch)

    run = runs.run(HELD, LOST, BEYOND, plugins=[fault])

    seen = aspects(run)
    assert {key for key in usual if usual[key] != seen[key]} <= set(call.spoils)
    if seen["json"] is not None:
        assert verdicts(seen) == verdicts(usual)
    if call.has_gap:
        assert GAPS in run.output, "what is missing has to be listed"


def verdicts(seen: dict[str, Any]) -> dict[str, str]:
    """Return the verdict on each guarantee."""
    return {guarantee["id"]: guarantee["verdict"] for guarantee in seen["json"]["guarantees"]}
