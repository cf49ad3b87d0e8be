"""The guide's three troubleshooting steps, as printed: each does what it is there for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.deployment.stack import Stack
from media_guarantees.events import faults
from media_guarantees.events.before_after import EventResult, expect_same, run_event, seed_media
from media_guarantees.events.home.listed_names import names_in
from media_guarantees.events.planted_entries import remove_planted
from media_guarantees.events.seeded_media import (
    SeededMedia,
    expect_new_upload_works,
    expect_served_as_before,
    is_served_as_before,
)
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.media.legacy_media import restricted, without_directories
from media_guarantees.media.manifest import Manifest
from media_guarantees.media.uploads.platform_protocol import Upload

inspect = pytest.mark.guarantee("troubleshooting.inspect")
permissions = pytest.mark.guarantee("troubleshooting.permissions")
restart = pytest.mark.guarantee("troubleshooting.restart")


@inspect
def test_the_listing_shows_the_three_directories(stack: Stack, operator: Operator, seeded_media: SeededMedia) -> None:
    directories = sorted(
        {upload.path.split("/")[0] for upload in seeded_media.ensure_uploaded(stack) if "/" in upload.path}
    )

    operator.step("inspect")
    if not directories:
        raise Unproven("the platform keeps all pictures in the media root itself: there is no directory to look for")
    listing = operator.run_checked("inspect").text

    missing = [name for name in directories if name not in names_in(listing)]
    assert not missing, f"the listing does not show {missing}; it shows: {listing}"
    journal.add_evidence(f"the listing shows {', '.join(directories)}")


@dataclass(frozen=True)
class Damage:
    """What the platform could do with damaged permissions, and after the guide's command."""

    uploads: tuple[Upload, ...]
    before: Manifest
    user: str
    served_while_damaged: int
    upload_refused: str
    after: Manifest


@pytest.fixture(scope="module", name="damage")
def _damage(session_stack: Stack, seeded_media: SeededMedia, operator: Operator) -> Iterator[Deferred[Damage]]:
    """Every permission in the volume is taken away; then the guide's command is typed."""

    def break_and_repair() -> Damage:
        operator.step("permissions")
        uploads, _ = seed_media(session_stack, seeded_media)
        # The service's user may change the mode of what it owns, and of nothing else.
        remove_planted(session_stack)
        before = session_stack.media.manifest()
        with journal.step("event: taking every permission away"):
            session_stack.media.shell("chmod -R 000 .")
        served = sum(upload.was_served and is_served_as_before(session_stack, upload) for upload in uploads)
        try:
            refused = (
                f"accepted as {session_stack.platform.upload(seeded_media.fresh(session_stack.platform.kinds)).path}"
            )
        except PromiseBroken as refusal:
            refused = f"refused: {refusal}"
        operator.run_checked("permissions")
        user = session_stack.service_container.user()
        return Damage(uploads, before, user, served, refused, session_stack.media.manifest())

    yield Deferred(break_and_repair)
    # A command that didn't help must not break what comes next as well.
    with suppress(PromiseBroken):
        session_stack.media.shell("chmod -R u+rwX .")


@permissions
def test_damaged_permissions_really_hurt(damage: Deferred[Damage]) -> None:
    done = damage.get()

    # Nothing stops root: there it is enough that the command does no harm.
    is_root = done.user.startswith("0:")
    assert is_root or done.served_while_damaged == 0 or done.upload_refused.startswith("refused"), (
        f"with no permission left, {done.served_while_damaged} pictures were served and an upload was "
        f"{done.upload_refused}: nothing was damaged, so nothing can be shown to be repaired"
    )
    journal.add_evidence(
        f"without permissions {done.served_while_damaged} pictures served, an upload {done.upload_refused[:60]}"
    )


@permissions
def test_after_the_guides_command_files_are_identical(damage: Deferred[Damage]) -> None:
    done = damage.get()

    # A service that runs as root takes uploads all the while: what is asked here is what became of the files before.
    files = without_directories(done.before)
    expect_same(files, restricted(done.after, files), event="repairing permissions", ignore=frozenset({"mode"}))


@permissions
def test_after_the_guides_command_every_picture_is_served(stack: Stack, damage: Deferred[Damage]) -> None:
    expect_served_as_before(stack, damage.get().uploads, event="repairing permissions")


@permissions
def test_after_the_guides_command_a_new_upload_works(
    stack: Stack, damage: Deferred[Damage], seeded_media: SeededMedia
) -> None:
    damage.get()

    expect_new_upload_works(stack, seeded_media, event="repairing permissions")


TROUBLES: dict[str, Callable[[Stack], object]] = {
    "stopped": lambda stack: stack.project.compose("stop", stack.service),
    "crashed": faults.crash_for_good,
    "wedged": faults.wedge,
}


@pytest.fixture(scope="module", name="trouble", params=TROUBLES)
def _trouble(request: pytest.FixtureRequest) -> str:
    """What is wrong with the service."""
    return str(request.param)


@dataclass(frozen=True)
class RestartRun:
    """The stack before its trouble and after the restart, and whether it answered in between."""

    event_result: EventResult
    answered_in_trouble: list[bool]


@pytest.fixture(scope="module", name="restart_run")
def _restart_run(trouble: str, session_stack: Stack, seeded_media: SeededMedia, operator: Operator) -> RestartRun:
    """The service is in trouble; then the guide's restart line is typed."""
    answered: list[bool] = []

    def go_wrong_and_restart(stack: Stack) -> None:
        operator.step("restart")
        TROUBLES[trouble](stack)
        answered.append(stack.platform.answers(within=0.5) and not faults.is_wedged(stack))
        operator.run_checked("restart")

    event_result = run_event(
        session_stack, seeded_media, f"restarting a service that was {trouble}", go_wrong_and_restart
    )
    return RestartRun(event_result, answered)


@restart
def test_the_service_really_was_in_trouble(restart_run: RestartRun, trouble: str) -> None:
    assert restart_run.event_result.after
    assert restart_run.answered_in_trouble == [False], f"the service still answered while it was meant to be {trouble}"
    journal.add_evidence(f"{trouble}: no answer before the restart")


@restart
def test_the_restart_brings_the_media_back(restart_run: RestartRun) -> None:
    restart_run.event_result.expect_same_volume()
    restart_run.event_result.expect_same_media()


@restart
def test_the_restart_brings_the_service_back(restart_run: RestartRun, seeded_media: SeededMedia) -> None:
    event_result = restart_run.event_result
    assert event_result.after

    expect_served_as_before(event_result.stack, event_result.uploads, event=event_result.event)
    expect_new_upload_works(event_result.stack, seeded_media, event=event_result.event)
