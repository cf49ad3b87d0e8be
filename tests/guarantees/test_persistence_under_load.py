"""People upload without pause while deploys and crashes go on: what they were told is kept is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from media_guarantees.core import journal
from media_guarantees.core.deferred import once
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.events.faults_under_load import Ordeal, drawn, expect_weight, possible
from media_guarantees.events.upload_history import count, expect_nothing_lost
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.settings import Settings

pytestmark = pytest.mark.guarantee("persistence.acknowledged")


@pytest.fixture(scope="module", name="ordeal")
def _ordeal(session_stack: Stack, operator: Operator, engine: Engine, settings: Settings) -> Callable[[], Ordeal]:
    """A stack that went through every event, each once, in an order drawn from the seed, amid uploads."""

    def suffer() -> Ordeal:
        session_stack.settle()
        ordeal = Ordeal(session_stack, operator, engine, str(settings.seed))
        ordeal.go_through(drawn(possible(engine, operator), str(settings.seed)))
        return ordeal

    return once(suffer)


def test_every_event_happened(ordeal: Callable[[], Ordeal]) -> None:
    for strike in ordeal().strikes:
        assert strike.before != strike.after, f"nothing shows that {strike.event} happened: {strike.before} as before"


def test_the_events_met_uploads_under_way(ordeal: Callable[[], Ordeal], settings: Settings) -> None:
    undergone = ordeal()

    journal.observe(f"the events came in an order drawn from the seed {settings.seed}")
    expect_weight(undergone.strikes, undergone.history)


def test_every_acknowledged_upload_is_there_and_whole(ordeal: Callable[[], Ordeal]) -> None:
    undergone = ordeal()

    expect_nothing_lost(undergone.judge(), undergone.history, event="everything that happened amid uploads")
    told = ", ".join(f"{number} {outcome}" for outcome, number in count(undergone.history).items())
    journal.observe(f"{len(undergone.history)} uploads: {told}; lost, torn, swapped or duplicated: 0")
