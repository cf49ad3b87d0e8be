"""Run the whole suite on a deployment in a separate process, as a person would, and read what it found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RUN_SECONDS = 1200
NOT_TESTED_YET = "no test of it ran"


@dataclass(frozen=True)
class Verification:
    """A run of the guarantees on a deployment, read from its report. `status` is its exit status.

    `gaps` is evidence that could not be gathered.
    """

    guarantees: dict[str, dict[str, Any]]
    target: dict[str, Any]
    seconds: float
    output: str
    status: int = 0
    gaps: tuple[str, ...] = ()

    def with_verdict(self, verdict: str) -> frozenset[str]:
        """Return the ids of the guarantees with this verdict, among those that have tests."""
        return frozenset(
            name
            for name, guarantee in self.guarantees.items()
            if guarantee["verdict"] == verdict and guarantee["reason"] != NOT_TESTED_YET
        )

    def explanation(self) -> str:
        """Return all that the tests of broken guarantees said."""
        broken = (self.guarantees[name] for name in self.with_verdict("broken"))
        return "\n".join(test["message"] for guarantee in broken for test in guarantee["tests"])

    def failed_elsewhere(self) -> list[str]:
        """Return the tests of broken guarantees that failed, but not in their own assertions."""
        broken = (self.guarantees[name] for name in self.with_verdict("broken"))
        tests = (test for guarantee in broken for test in guarantee["tests"])
        return [test["nodeid"] for test in tests if test["phase"] != "call"]

    def reasons(self) -> str:
        """Return why guarantees are unproven."""
        return "\n".join(f"{name}: {self.guarantees[name]['reason']}" for name in self.with_verdict("unproven"))


def run_suite(
    options: Sequence[str], *, environment: Mapping[str, str] | None = None, seconds: float = RUN_SECONDS
) -> tuple[int, str]:
    """Run the guarantees with `options` on a private engine; return pytest's exit status and all that it printed."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COMPOSE_"))}
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/guarantees", "-q", "-p", "no:xdist", "--engine=private", *options],
        cwd=ROOT,
        env={**inherited, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    return finished.returncode, finished.stdout


def verify(
    options: Sequence[str],
    reports: Path,
    *,
    environment: Mapping[str, str] | None = None,
    seconds: float = RUN_SECONDS,
) -> Verification:
    """Run the guarantees and read the evidence, which goes into `reports`.

    A run that leaves none, or that was cut short, is a failure: its findings are incomplete.
    """
    begun = time.monotonic()
    status, output = run_suite([*options, f"--report-dir={reports}"], environment=environment, seconds=seconds)
    took = time.monotonic() - begun
    evidence = reports / "latest" / "guarantees.json"
    assert evidence.is_file(), f"the run left no evidence:\n{output[-4000:]}"
    found = json.loads(evidence.read_text(encoding="utf-8"))
    assert found["complete"], f"the run was cut short, with status {status}: {found['reason']}\n{output[-4000:]}"
    guarantees = {guarantee["id"]: guarantee for guarantee in found["guarantees"]}
    return Verification(
        guarantees,
        found["target"],
        took,
        output,
        status=status,
        gaps=tuple(found["gaps"]),
    )
