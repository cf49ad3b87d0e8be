"""A run of a few small tests inside a test: pytest with the evidence plugin, without any engine or service."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import inner_fixtures  # noqa: F401 - the inner runs find it and the plugins imported, and don't read them each time
import pytest

import fixtures.evidence
import fixtures.options  # noqa: F401

PLUGINS = ("fixtures.options", "fixtures.evidence", "inner_fixtures")
# What an inner run does without, as the run around it has it, or to be quicker.
WITHOUT = (
    *("cacheprovider", "doctest", "faulthandler", "logging", "pastebin", "setuponly", "setupplan", "tmpdir"),
    *("threadexception", "unittest", "unraisableexception"),
)
_ARGUMENTS = (
    *(part for name in PLUGINS for part in ("-p", name)),
    *(part for name in WITHOUT for part in ("-p", f"no:{name}")),
    "--import-mode=importlib",
    "--capture=sys",
    "--tb=no",
    "--compose-file=docker-compose.yml",
    "--guide=guide.md",
    "--seed=1",
)
GUIDE = "# Media\n\nMedia persist when containers\nare recreated.\n"
HELD = """
@pytest.mark.guarantee("volume.mounted")
def test_held(stack):
    journal.progress("step: looking")
    journal.add_evidence("12 files")
"""
LOST = """
@pytest.mark.guarantee("persistence.recreate")
def test_lost(stack, seeded_media):
    damaged = {seeded_media.uploads[0].path: "changed"}
    raise PromiseBroken("3 files are missing", detail="3 missing\\n  missing 'a'", damaged=damaged)
"""
BEYOND = """
@pytest.mark.guarantee("beyond.power_loss")
def test_beyond(stack):
    assert False, "torn"
"""
UNPROVEN = """
@pytest.mark.guarantee("restore.repair")
def test_unproven(stack):
    pytest.skip("no guide")
"""
_HEAD = """
import os, signal
import pytest
from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken
"""


@dataclass(frozen=True)
class InnerRun:
    """How an inner run ended: its exit status, all that it printed, and the folder with its evidence."""

    status: int
    output: str
    reports: Path

    @property
    def folder(self) -> Path:
        """The folder of the run's evidence."""
        return (self.reports / "latest").resolve()

    @property
    def evidence(self) -> dict[str, Any]:
        """What ``guarantees.json`` of the run says."""
        found: dict[str, Any] = json.loads((self.reports / "latest" / "guarantees.json").read_text("utf-8"))
        return found

    @property
    def has_evidence(self) -> bool:
        """Whether the run left evidence."""
        return (self.reports / "latest" / "guarantees.json").exists()

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict on each guarantee."""
        return {guarantee["id"]: guarantee["verdict"] for guarantee in self.evidence["guarantees"]}

    @property
    def result_line(self) -> str:
        """The run's verdict as the terminal shows it."""
        titles = [line for line in self.output.splitlines() if line.startswith("===") and " proved, " in line]
        return titles[-1].strip("= ") if titles else ""


class Runs:
    """Starts inner runs in `folder`, which must be the working directory, in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "guarantees").mkdir()
        (folder / "guide.md").write_text(GUIDE)
        (folder / "docker-compose.yml").write_text("services: {}\n")
        (folder / "pytest.ini").write_text("[pytest]\n")

    def add_file(self, name: str, text: str) -> None:
        """Add another file of tests."""
        (self.folder / "guarantees" / name).write_text(text)

    def run(self, *tests: str, options: Sequence[str] = (), plugins: Sequence[object] = ()) -> InnerRun:
        """Run small tests with these options and, beside the evidence plugin, these plugins."""
        (self.folder / "guarantees").mkdir(exist_ok=True)
        self.add_file("test_inner.py", "\n".join([_HEAD, *tests]))
        for name in [name for name in sys.modules if name.startswith("guarantees.")]:  # those of an earlier inner run
            del sys.modules[name]
        out = StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            status = _status_of(lambda: pytest.main([*_ARGUMENTS, "guarantees", *options], plugins=plugins))
        return InnerRun(status, out.getvalue(), self.folder / "reports")


def _status_of(run: Callable[[], int]) -> int:
    """Return the exit status that a process would have, and print a traceback if an exception leaves pytest."""
    try:
        return int(run())
    except KeyboardInterrupt:
        return 130
    except Exception:  # noqa: BLE001 - what leaves pytest ends Python with status 1
        return 1
