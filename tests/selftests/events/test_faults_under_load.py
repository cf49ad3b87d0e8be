"""A fault run reports the uploads around each event, how soon they resumed, and every lost upload."""

from __future__ import annotations

import logging
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_engine import engine_here
from fake_stack import FakeStack, sample

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.events.faults import EVENTS, Event
from media_guarantees.events.faults_under_load import (
    FaultRun,
    InjectedFault,
    UploadCounts,
    count_uploads,
    read_back,
    require_uploads_around,
    shuffled,
    supported_faults,
)
from media_guarantees.events.upload_history import Outcome, UploadAttempt
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.media.diff import NothingCompared
from media_guarantees.media.sample_pictures import KINDS, Sample
from media_guarantees.media.uploads.platform_protocol import Upload

CRASH = InjectedFault("a crash", begun=10.0, ended=12.0, recovered=13.0, before="one", after="another")
DEPLOY = InjectedFault("a deploy", begun=20.0, ended=22.0, recovered=24.0, before="one", after="another")


def ended(moment: float, outcome: Outcome = "acknowledged") -> UploadAttempt:
    return UploadAttempt(f"sha {moment}", moment - 0.1, moment, outcome)


HISTORY = [
    *(ended(moment) for moment in (1.0, 5.0, 9.0, 10.5, 13.0, 15.0, 21.0, 24.0)),
    *(ended(moment, "unknown") for moment in (10.1, 11.0, 20.1)),
    ended(12.9, "refused"),
    ended(18.0, "refused"),
]


def test_recovery_is_from_the_beginning_of_an_event_to_the_first_accepted_upload_after_it() -> None:
    assert CRASH.recovery == 3.0


def test_each_strike_is_weighed_by_the_uploads_around_it() -> None:
    assert count_uploads([CRASH, DEPLOY], HISTORY) == (
        UploadCounts(before=3, during=1, after=2, failed=3),
        UploadCounts(before=2, during=1, after=1, failed=1),
    )


def test_no_strike_weighs_nothing() -> None:
    assert count_uploads([], HISTORY) == ()


def test_what_each_strike_weighed_is_evidence(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "verify.evidence"):
        require_uploads_around([CRASH], HISTORY)

    (said,) = caplog.messages
    assert said.startswith("a crash: 3 accepted before, 1 during, 4 after, 3 refused or cut off; ")
    assert said.endswith("the first upload after it was accepted 3.00 s on")


@pytest.mark.parametrize(
    "history",
    [
        [ended(13.0), ended(11.0, "unknown")],
        [ended(1.0), ended(11.0, "unknown")],
    ],
    ids=["nothing before", "nothing after"],
)
def test_an_event_without_uploads_on_both_sides_proves_nothing(history: list[UploadAttempt]) -> None:
    with pytest.raises(NothingCompared, match="a crash proved nothing: "):
        require_uploads_around([CRASH], history)


def test_events_that_met_no_upload_under_way_prove_nothing() -> None:
    history = [ended(1.0), ended(13.0), ended(15.0, "unknown")]

    with pytest.raises(NothingCompared, match="not one of 3 uploads was refused or cut off"):
        require_uploads_around([CRASH], history)


def test_an_order_is_drawn_that_the_seed_brings_back() -> None:
    events = tuple(EVENTS.values())
    orders = {shuffled(events, str(seed)) for seed in range(30)}

    assert shuffled(events, "7") == shuffled(events, "7")
    assert all(sorted(order, key=events.index) == list(events) for order in orders)
    assert len(orders) > 15


def operator(*procedures: str) -> Operator:
    """Return an operator whose guide describes these procedures."""

    def step(procedure: str) -> None:
        if procedure not in procedures:
            raise Unproven(f"the guide does not describe it: no {procedure} command")

    return cast("Operator", SimpleNamespace(step=step))


def test_a_guide_without_a_restart_is_not_restarted_by() -> None:
    private = engine_here(object())

    left_out = {*supported_faults(private, operator("restart"))} - {*supported_faults(private, operator())}

    assert [event.name for event in left_out] == ["the guide's restart"]


def test_a_shared_engine_is_neither_killed_nor_crashed() -> None:
    shared, private = (supported_faults(engine_here(private), operator("restart")) for private in (None, object()))

    assert private == tuple(EVENTS.values())
    assert {event.name for event in private} - {event.name for event in shared} == {
        "killing the engine and starting it",
        "crashing the host and booting it",
    }


class OpenPlatform:
    """Accepts every upload."""

    kinds = KINDS

    def post(self, sample: Sample, **_: object) -> None:
        """Accept a picture."""

    def is_accepted(self, _: object) -> bool:
        """Accept it."""
        return True

    def parse_upload(self, sample: Sample, _: object, **__: object) -> Upload:
        """Describe it."""
        return Upload(sample, sample.sha256, f"/{sample.sha256}", "", 0)


@pytest.fixture(name="fault_run")
def _fault_run() -> FaultRun:
    stack: Any = FakeStack()
    stack.new_client = lambda _: OpenPlatform()
    return FaultRun(stack.as_stack(), cast("Operator", None), engine_here(), seed="1")


def test_an_event_during_uploads_is_reported_until_they_resume(
    fault_run: FaultRun, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, journal.PROGRESS.name):
        fault_run.inject_all([Event("a crash", lambda *_: None, lambda _: "")])

    (announced,) = [cast("Any", record).step for record in caplog.records if record.name == journal.PROGRESS.name]
    assert announced.what == "event: a crash, during uploads"
    assert announced.seconds >= fault_run.injected_faults[0].recovery


def test_events_happen_until_it_is_enough(fault_run: FaultRun) -> None:
    events = [Event(name, lambda *_: None, lambda _: "") for name in ("a crash", "a deploy", "a kill")]

    fault_run.inject_all(events, enough=lambda: len(fault_run.injected_faults) == 2)

    assert [fault.event for fault in fault_run.injected_faults] == ["a crash", "a deploy"]


def test_events_happen_in_their_order_during_uploads(fault_run: FaultRun) -> None:
    stack = cast("Any", fault_run.stack)

    def become(container: str) -> Event:
        def happen(*_: object) -> None:
            stack.who = replace(stack.who, container=container)

        return Event(f"becoming {container}", happen, lambda seen: seen.container)

    fault_run.inject_all([become("c2"), become("c3")])

    assert [(fault.event, fault.before, fault.after) for fault in fault_run.injected_faults] == [
        ("becoming c2", "c1", "c2"),
        ("becoming c3", "c2", "c3"),
    ]
    first, second = fault_run.injected_faults
    assert first.begun <= first.ended <= first.recovered <= second.begun
    assert all(counts.before and counts.after for counts in count_uploads(fault_run.injected_faults, fault_run.history))


def test_what_happened_before_an_event_that_failed_is_not_forgotten(fault_run: FaultRun) -> None:
    def fail(*_: object) -> None:
        raise PromiseBroken("it never came back")

    with pytest.raises(PromiseBroken, match="it never came back"):
        fault_run.inject_all([Event("a crash", fail, lambda _: "")])

    assert fault_run.history
    assert fault_run.injected_faults == []


def test_an_engine_that_is_off_is_not_asked_for_an_address(fault_run: FaultRun) -> None:
    seen: list[bool] = []

    def crash(*_: object) -> None:
        seen.append(fault_run._engine_is_on.locked())

    fault_run.inject_all(
        [Event(name, crash, lambda _: "", needs_private_engine=needed) for name, needed in (("a", True), ("b", False))]
    )

    assert seen == [True, False]


def test_every_acknowledged_upload_is_read_back_and_no_other() -> None:
    stack = FakeStack()
    stack.platform.upload(sample("a"))
    kept, gone = (
        UploadAttempt("", 0, 1, "acknowledged", "a", "/media/a"),
        UploadAttempt("", 0, 1, "acknowledged", "b", "/media/b"),
    )

    assert read_back(stack.as_stack(), [kept, gone, ended(1.0, "unknown")]) == {"a": sample("a").sha256, "b": ""}


def test_a_platform_that_does_not_answer_gives_nothing_back() -> None:
    stack = FakeStack()
    stack.platform.upload(sample("a"))
    stack.platform.up = False

    assert read_back(stack.as_stack(), [UploadAttempt("", 0, 1, "acknowledged", "a", "/media/a")]) == {"a": ""}


def test_a_fault_run_is_judged_by_the_volume_and_by_what_is_served(fault_run: FaultRun) -> None:
    fault_run.history.append(UploadAttempt("00", 0.0, 1.0, "acknowledged", "a", "/media/a"))

    assert [str(finding) for finding in fault_run.judge()] == ["lost: a, acknowledged, is not served"]
