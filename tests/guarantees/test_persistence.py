"""Media survive the faults that deployments meet: each event happens once, then each fact is checked."""

from __future__ import annotations

import pytest

from media_guarantees.core import journal
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.events.before_after import EventResult, run_event
from media_guarantees.events.faults import EVENTS, Event
from media_guarantees.events.seeded_media import SeededMedia, expect_new_upload_works, expect_served_as_before
from media_guarantees.guide.guide_runner import Operator


@pytest.fixture(
    scope="module",
    name="event",
    params=[pytest.param(event, id=name, marks=pytest.mark.guarantee(name)) for name, event in EVENTS.items()],
)
def _event(request: pytest.FixtureRequest) -> Event:
    """One of the events."""
    event: Event = request.param
    return event


@pytest.fixture(scope="module", name="event_result")
def _event_result(
    event: Event, session_stack: Stack, seeded_media: SeededMedia, operator: Operator, engine: Engine
) -> EventResult:
    """The stack before and after the event, which has happened."""
    if event.needs_private_engine and engine.private_engine is None:
        pytest.skip(f"{event.name} would stop what is not the run's: it takes a private engine")
    return run_event(session_stack, seeded_media, event.name, lambda stack: event.inject(stack, operator, engine))


def test_the_event_happened(event_result: EventResult, event: Event) -> None:
    before, after = event.mark(event_result.before.identity), event.mark(event_result.after.identity)

    assert before != after, f"nothing shows that {event.name} happened: it is {before} before and after"
    journal.add_evidence(f"{event.name}: {shortened(before)} became {shortened(after)}")


def shortened(mark: object) -> str:
    """Container and image ids as Docker shows them; anything else as it is."""
    return mark.removeprefix("sha256:")[:12] if isinstance(mark, str) else str(mark)


def test_the_volume_is_the_same(event_result: EventResult) -> None:
    event_result.expect_same_volume()


def test_the_media_are_the_same(event_result: EventResult) -> None:
    event_result.expect_same_media()


def test_every_picture_is_served_the_same(event_result: EventResult) -> None:
    assert event_result.after
    expect_served_as_before(event_result.stack, event_result.uploads, event=event_result.event)


def test_a_new_upload_works(event_result: EventResult, seeded_media: SeededMedia) -> None:
    assert event_result.after
    expect_new_upload_works(event_result.stack, seeded_media, event=event_result.event)
