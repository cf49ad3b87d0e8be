"""Who verifies the verifier: each sabotage breaks exactly what it must, and what is healthy passes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from place import ROOT, Place
from table import BROKEN, HEALTHY, Row

RUN_SECONDS = 600
NOT_TESTED_YET = "no test of it ran"


@dataclass(frozen=True)
class Verification:
    """A run of the guarantees on a changed deployment, as its own evidence tells of it."""

    guarantees: dict[str, dict[str, Any]]
    seconds: float
    output: str

    def with_verdict(self, verdict: str) -> frozenset[str]:
        """Return the ids of the guarantees that came out so, among those that have tests."""
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


Verify = Callable[[str, str], Verification]


@pytest.fixture(name="verify")
def _verify(tmp_path: Path, record_property: Callable[[str, object], None]) -> Verify:
    """Change a copy of the deployment and verify it as a person would, in a process of its own."""

    def run(kind: str, name: str) -> Verification:
        folder = tmp_path / "deployment"
        folder.mkdir(mode=0o700)
        place = Place(folder)
        load_change(kind, name)(place)
        begun = time.monotonic()
        finished = subprocess.run(
            [sys.executable, "-m", "pytest", "tests/guarantees", "-q", "-p", "no:xdist", *options(place, tmp_path)],
            cwd=ROOT,
            env=place.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        seconds = time.monotonic() - begun
        evidence = tmp_path / "reports" / "latest" / "guarantees.json"
        assert evidence.is_file(), f"the run left no evidence:\n{finished.stdout[-4000:]}"
        guarantees = {guarantee["id"]: guarantee for guarantee in json.loads(evidence.read_text())["guarantees"]}
        seen = Verification(guarantees, seconds, finished.stdout)
        record_property("sabotage", (name, sorted(seen.with_verdict("broken")), seconds))
        return seen

    return run


def options(place: Place, folder: Path) -> list[str]:
    """Return what points a run at the changed deployment."""
    return [
        "--engine=private",
        f"--compose-file={place.compose_file}",
        f"--guide={place.guide}",
        f"--report-dir={folder / 'reports'}",
    ]


def load_change(kind: str, name: str) -> Callable[[Place], None]:
    """Return what the file of that name does to a deployment."""
    spec = spec_from_file_location(name, Path(__file__).parent / kind / f"{name}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    change: Callable[[Place], None] = module.change
    return change


@pytest.mark.parametrize("row", BROKEN, ids=lambda row: row.name)
def test_a_sabotage_breaks_exactly_what_it_must(row: Row, verify: Verify) -> None:
    seen = verify("broken", row.name)

    broken = seen.with_verdict("broken")

    assert broken == row.breaks, (
        f"not caught: {sorted(row.breaks - broken)}; wrongly accused: {sorted(broken - row.breaks)}\n{seen.reasons()}\n"
        f"{seen.explanation()[:6000]}"
    )
    assert not seen.with_verdict("unproven"), f"neither proved nor broken:\n{seen.reasons()}"
    assert not seen.failed_elsewhere(), "a set-up that crashes proves nothing"
    unsaid = [words for words in row.says if words not in seen.explanation()]
    assert not unsaid, f"the explanation doesn't say {unsaid}:\n{seen.explanation()[:6000]}"


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_deployment_is_proved(name: str, verify: Verify) -> None:
    seen = verify("healthy", name)

    assert not seen.with_verdict("broken"), f"wrongly accused:\n{seen.explanation()[:6000]}"
    assert not seen.with_verdict("unproven"), f"not proved:\n{seen.reasons()}"
