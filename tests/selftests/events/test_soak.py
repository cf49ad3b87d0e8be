"""A soak judges after every round, evicts only uploads that were judged, and reports exact figures."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from fake_stack import FakeStack, manifest_of, sample

from media_guarantees.events.faults import Event
from media_guarantees.events.faults_under_load import FaultRun, InjectedFault
from media_guarantees.events.soak import Recovery, Soak, recoveries
from media_guarantees.events.upload_history import UploadAttempt

ROOT = Path(__file__).parents[3]


def never() -> bool:
    return False


def fault(event: str, recovery: float) -> InjectedFault:
    return InjectedFault(event, 10.0, 10.5, 10.0 + recovery, "one", "another")


class FakeFaultRun:
    """A fault run that uploads three pictures for each event, and loses the ones that the test names."""

    seed = "7"

    def __init__(self) -> None:
        self.stack: Any = FakeStack()
        self.stack.tree = manifest_of()
        self.history: list[UploadAttempt] = []
        self.injected_faults: list[InjectedFault] = []
        self.lose: set[str] = set()
        self.stored: dict[str, str] = {}
        self.asked_for: list[list[str]] = []

    def inject_all(self, events: tuple[Event, ...], *, enough: Callable[[], bool]) -> None:
        """Inject the events."""
        self.asked_for.append([event.name for event in events])
        for event in events:
            if enough():
                return
            for _ in range(3):
                self._upload(f"p{len(self.history)}-{len(self.injected_faults)}")
            self.history.append(UploadAttempt(f"cut off {len(self.history)}", 0.0, 1.0, "unknown"))
            self.injected_faults.append(fault(event.name, 1.0))

    def _upload(self, name: str) -> None:
        upload = self.stack.platform.upload(sample(name))
        self.history.append(UploadAttempt(upload.sha256, 0.0, 1.0, "acknowledged", upload.path, upload.url))
        if name not in self.lose:
            self.stored[name] = upload.sha256
        self.stack.tree = manifest_of(**self.stored)


@pytest.fixture(name="fault_run")
def _fault_run() -> FakeFaultRun:
    return FakeFaultRun()


def soaking(fault_run: FakeFaultRun, **options: Any) -> Soak:
    return Soak(cast("FaultRun", fault_run), **options)


EVENTS = tuple(Event(name, lambda *_: None, lambda _: "") for name in ("a crash", "a deploy", "a kill"))


def test_every_round_has_every_event_in_a_new_order(fault_run: FakeFaultRun) -> None:
    soak = soaking(fault_run)

    for _ in range(8):
        soak.go_round(EVENTS, never)

    assert all(sorted(names) == ["a crash", "a deploy", "a kill"] for names in fault_run.asked_for)
    assert len({tuple(names) for names in fault_run.asked_for}) > 1
    assert soak.findings == ()


def test_what_is_lost_is_found_after_its_round(fault_run: FakeFaultRun) -> None:
    fault_run.lose = {"p0-0"}
    soak = soaking(fault_run)

    soak.go_round(EVENTS, never)

    assert [str(finding) for finding in soak.findings] == ["lost: p0-0, acknowledged, is not stored"]
    assert soak.count_defects["lost"] == 1


def test_what_is_lost_in_a_later_round_is_found_too(fault_run: FakeFaultRun) -> None:
    soak = soaking(fault_run)
    soak.go_round(EVENTS, never)

    del fault_run.stored["p0-0"]
    soak.go_round(EVENTS, never)

    assert soak.count_defects["lost"] == 1


def test_what_is_stored_but_not_served_is_found(fault_run: FakeFaultRun) -> None:
    fault_run.stack.platform.up = False
    soak = soaking(fault_run)

    soak.go_round(EVENTS, never)

    assert soak.count_defects["lost"] == 9
    assert {finding.seen for finding in soak.findings} == {"is not served"}


def test_a_round_that_fails_is_judged_too(fault_run: FakeFaultRun) -> None:
    fault_run.lose = {"p0-0"}
    soak = soaking(fault_run)

    with pytest.raises(ZeroDivisionError):
        soak.go_round(EVENTS, lambda: bool(fault_run.injected_faults) and 1 // 0 == 1)

    assert soak.count_defects["lost"] == 1


def test_a_round_in_which_nothing_happened_has_nothing_to_judge(fault_run: FakeFaultRun) -> None:
    soak = soaking(fault_run)

    soak.go_round(EVENTS, lambda: True)

    assert soak.findings == ()
    assert soak.uploads == {"acknowledged": 0, "refused": 0, "unknown": 0}


@pytest.fixture(name="removed")
def _removed(fault_run: FakeFaultRun) -> list[str]:
    """The paths that the soak has removed from the volume."""
    removed: list[str] = []

    class Media:
        def manifest(self) -> object:
            return fault_run.stack.tree

        def shell(self, script: str, *, stdin: bytes) -> None:
            assert script == "xargs -0 rm -f --"
            removed.extend(stdin.decode().split("\0")[:-1])
            fault_run.stored = {name: sha256 for name, sha256 in fault_run.stored.items() if name not in removed}

    class Stack(FakeStack):
        media = cast("Any", Media())

    fault_run.stack = Stack()
    fault_run.stack.tree = manifest_of()
    return removed


def test_the_oldest_uploads_above_the_limit_are_evicted_and_still_counted(
    fault_run: FakeFaultRun, removed: list[str]
) -> None:
    soak = soaking(fault_run, kept=10)

    for _ in range(3):
        soak.go_round(EVENTS, never)

    assert len(fault_run.history) == 10
    assert len(removed) + len(fault_run.stored) == 27
    assert removed[0] == "p0-0"
    assert soak.uploads == {"acknowledged": 27, "refused": 0, "unknown": 9}
    assert soak.findings == ()


def test_as_long_as_they_are_few_all_are_kept(fault_run: FakeFaultRun, removed: list[str]) -> None:
    soak = soaking(fault_run, kept=12)

    soak.go_round(EVENTS, never)

    assert len(fault_run.history) == 12
    assert removed == []


def test_a_proof_of_loss_is_not_evicted(fault_run: FakeFaultRun, removed: list[str]) -> None:
    fault_run.lose = {"p0-0"}
    soak = soaking(fault_run, kept=1)

    soak.go_round(EVENTS, never)

    assert removed == []
    assert soak.count_defects["lost"] == 1


def test_recoveries_are_summed_up_by_kind_the_slowest_first() -> None:
    injected_faults = [fault("a crash", 1.0), fault("a deploy", 3.0), fault("a crash", 5.0), fault("a crash", 2.0)]

    assert recoveries(injected_faults) == [Recovery("a deploy", 1, 3.0, 3.0), Recovery("a crash", 3, 2.0, 5.0)]
    assert recoveries([]) == []


def test_the_figures_are_for_programs_too(fault_run: FakeFaultRun) -> None:
    soak = soaking(fault_run)
    soak.go_round(EVENTS[:1], never)

    figures = soak.as_json()

    assert figures.pop("seconds") >= 0
    assert figures == {
        "seed": "7",
        "rounds": 1,
        "faults": 1,
        "uploads": {"acknowledged": 3, "refused": 0, "unknown": 1},
        "findings": {"lost": 0, "torn": 0, "swapped": 0, "duplicated": 0, "never read": 0},
        "found": [],
        "recovery_seconds": [{"event": "a crash", "faults": 1, "median": 1.0, "worst": 1.0}],
    }


def test_progress_and_result_are_shown_in_words(fault_run: FakeFaultRun) -> None:
    soak = soaking(fault_run)
    soak.go_round(EVENTS[:1], never)

    assert soak.progress_line() == "round 1: 1 faults, 3 acknowledged, 0 refused, 1 unknown, 0 lost"
    assert soak.table() == [
        "1 faults in 1 rounds, from seed 7",
        "uploads: 3 acknowledged, 0 refused, 1 unknown, 0 lost, 0 torn, 0 swapped, 0 duplicated, 0 never read",
        "seconds from a fault to the first accepted upload after it (median, worst):",
        "    1.00   1.00  a crash (1)",
    ]


@pytest.mark.parametrize("given", ["abc", "-1"])
def test_a_time_that_is_none_ends_the_run_in_words(given: str) -> None:
    command = [sys.executable, "-m", "pytest", "tests/soak", "--collect-only", f"--minutes={given}"]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert refused.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"argument --minutes: '{given}' is no number of minutes" in refused.stderr
    assert "hint: give one: make soak MINUTES=10" in refused.stderr
