"""Clients upload without pause during deploys and crashes: every acknowledged upload is kept."""

from __future__ import annotations

import pytest

from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.events.faults_under_load import FaultRun, require_uploads_around, shuffled, supported_faults
from media_guarantees.events.upload_history import count, expect_nothing_lost
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.settings import Settings

pytestmark = pytest.mark.guarantee("persistence.acknowledged")


@pytest.fixture(scope="module", name="fault_run")
def _fault_run(session_stack: Stack, operator: Operator, engine: Engine, settings: Settings) -> Deferred[FaultRun]:
    """A stack that went through every event, each once, in an order drawn from the seed, during uploads."""

    def inject() -> FaultRun:
        session_stack.health.recover()
        fault_run = FaultRun(session_stack, operator, engine, str(settings.seed))
        fault_run.inject_all(shuffled(supported_faults(engine, operator), str(settings.seed)))
        return fault_run

    return Deferred(inject)


def test_every_event_happened(fault_run: Deferred[FaultRun]) -> None:
    for fault in fault_run.get().injected_faults:
        assert fault.before != fault.after, f"nothing shows that {fault.event} happened: {fault.before} as before"


def test_the_events_met_uploads_under_way(fault_run: Deferred[FaultRun], settings: Settings) -> None:
    finished = fault_run.get()

    journal.add_evidence(f"the events came in an order drawn from the seed {settings.seed}")
    require_uploads_around(finished.injected_faults, finished.history)


def test_every_acknowledged_upload_is_there_and_whole(fault_run: Deferred[FaultRun]) -> None:
    finished = fault_run.get()

    expect_nothing_lost(finished.judge(), finished.history, event="everything that happened during uploads")
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in count(finished.history).items())
    journal.add_evidence(f"{len(finished.history)} uploads: {outcomes}; lost, torn, swapped or duplicated: 0")
