"""Media survive the faults that deployments meet: each event happens once, then each fact is checked."""

from __future__ import annotations

import copy

import pytest

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.compose_project import DOWN
from media_guarantees.deployment.sandbox.project_folder import write_model
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.events.before_after import EventResult, run_event, seed_media
from media_guarantees.events.faults import EVENTS, Event
from media_guarantees.events.planted_entries import with_owners_taken_over
from media_guarantees.events.seeded_media import SeededMedia, expect_new_upload_works, expect_served_as_before
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.media.diff import describe, diff
from media_guarantees.media.manifest import Manifest
from media_guarantees.media.media_volume import is_directory


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


@pytest.mark.guarantee("persistence.down_up")
def test_the_guides_restart_keeps_a_volume_whose_labels_were_changed(
    stack: Stack, seeded_media: SeededMedia, operator: Operator
) -> None:
    """Since 2.32, Compose asks whether to recreate such a volume, data lost; `up -y` says yes beforehand."""
    _, before = seed_media(stack, seeded_media)
    media, named = stack.media, stack.backing.name
    if is_directory(named):
        journal.add_evidence(f"Compose makes and deletes no directory: {named} has no labels that could change")
        return
    changed = copy.deepcopy(stack.model)
    for volume in changed.get("volumes", {}).values():
        if volume["name"] == named:
            volume["labels"] = {**volume.get("labels", {}), "media-verify.changed": "yes"}
    write_model(changed, stack.folder)
    try:
        with journal.step("event: the guide's restart, with another label of the volume"):
            operator.run("restart")
        found = media.manifest() if stack.backing.exists(named) else Manifest({})
        if before.entries.keys() - found.entries.keys():
            stack.project.compose(*DOWN)  # a volume with other labels would be recreated at each later restart
    finally:
        write_model(stack.model, stack.folder)
        stack.health.up()

    if changes := diff(with_owners_taken_over(before, found), found):
        raise PromiseBroken(
            describe(changes, event="the guide's restart of a volume whose labels were changed in the compose file"),
            means="Compose deleted the volume and made another: one changed label or option, and all media are gone",
            next_step="take -y, or --yes, out of the restart: Compose then asks before it deletes anything",
        )
    journal.add_evidence("a label of the volume was changed in the compose file: the guide's restart kept its media")
