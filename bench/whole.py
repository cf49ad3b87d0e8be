"""Measure the suite's own share of a whole run, besides its commands, requests and waits."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.programs import ROOT, BenchFailed, said
from media_guarantees.core.journal import Event, busy_seconds
from media_guarantees.system import commands

# As `make verify` does for our own stack.
VERIFY = (sys.executable, "-m", "pytest", "-q", "-p", "no:hypothesispytest", "--engine=private", "--beyond")
SECONDS = 1800.0
# Names for people of the journal's kinds of event.
SHARES = {
    "commands": ("command", "guide"),
    "requests to the platform and the engine": ("request", "engine"),
    "waits": ("wait",),
}


@dataclass(frozen=True)
class Whole:
    """A run, in seconds.

    `floor` is the part in which a command, a request or a wait was under way, `by_kind` what each of `SHARES` took of
    it; they overlap. `proved` is how many guarantees it proved.
    """

    seconds: float
    floor: float
    by_kind: dict[str, float]
    proved: int

    @property
    def times(self) -> float:
        """How many times its floor it took."""
        return self.seconds / self.floor


def measure(arguments: Sequence[str], runs: int, place: Path) -> Whole:
    """Verify the project's own stack this number of times, and return the last run: those before it warm the caches.

    Each leaves its evidence below `place`.
    """
    return [verified(arguments, place) for _ in range(runs)][-1]


def verified(arguments: Sequence[str], reports: Path) -> Whole:
    """Verify once and read the evidence. Raises `BenchFailed` if a promise is broken, or nothing was proved."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COMPOSE_"))}
    command = [*VERIFY, f"--report-dir={reports}", *arguments]
    ended = commands.run(command, cwd=ROOT, env=inherited, timeout=SECONDS)
    if not ended.ok or not (reports / "latest" / "guarantees.json").is_file():
        raise BenchFailed(f"the guarantees ended with status {ended.status}:\n{said(ended)[-4000:]}")
    return read(reports / "latest")


def read(folder: Path) -> Whole:
    """Read the report of a run from its folder."""
    evidence = json.loads((folder / "guarantees.json").read_text())
    proved = [guarantee for guarantee in evidence["guarantees"] if guarantee["verdict"] == "proved"]
    if not proved:
        raise BenchFailed("the guarantees were to be measured, and none was proved")
    events = [Event(**json.loads(line)) for line in (folder / "commands.jsonl").read_text().splitlines()]
    by_kind = {name: busy_seconds(event for event in events if event.kind in kinds) for name, kinds in SHARES.items()}
    return Whole(evidence["seconds"], evidence["command_seconds"], by_kind, len(proved))
