"""A migration that can't work or is interrupted says so, harms nothing, and is completed by the next run."""

from __future__ import annotations

import hashlib
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.core.waiting import wait_until
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.helper_container import label_arguments
from media_guarantees.events.before_after import expect_same
from media_guarantees.events.migration_probe import settled_manifest, stop_half_way
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.media.legacy_media import (
    MEGABYTE,
    lay_out_legacy,
    restricted,
    without_directories,
    write_file,
)
from media_guarantees.media.manifest import Manifest
from media_guarantees.media.media_volume import VolumeMedia
from media_guarantees.system import commands

pytestmark = pytest.mark.guarantee("migration.refuses")

SEED = 20190131
MORE_NAME = "event_banners/more.mp4"
MORE = bytes(range(256)) * (32 * MEGABYTE // 256)
LATE_NAME = "avatars/late.jpg"
STOP_SECONDS = 10.0
# A second migration that isn't refused may also wait for its turn: then it is still waiting after this.
TURN_SECONDS = 20.0


@pytest.fixture(scope="module", name="media_folder")
def _media_folder(operator: Operator) -> Iterator[Path]:
    """The host's old `./media`."""
    folder = operator.folder / "media"
    lay_out_legacy(folder, SEED, big_bytes=MEGABYTE)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module", name="first_migration")
def _first_migration(session_stack: Stack, operator: Operator, media_folder: Path) -> Iterator[Deferred[Manifest]]:
    """What is in the volume after a first, undisturbed migration. Its files are removed afterwards."""
    before: list[Manifest] = []

    def migrate() -> Manifest:
        assert media_folder.is_dir()
        operator.step("migrate")
        session_stack.health.recover()
        before.append(session_stack.media.manifest())
        outcome = operator.run("migrate")
        assert outcome.ok, f"the migration ended with status {outcome.status}: {outcome.complaint}"
        return session_stack.media.manifest()

    yield Deferred(migrate)
    with suppress(PromiseBroken):
        for manifest in before:
            came = [path for path in session_stack.media.manifest().entries if path not in manifest.entries]
            session_stack.media.shell("xargs -0 rm -rf --", stdin=b"".join(b"./" + path + b"\0" for path in came))


@pytest.fixture(name="extra_file")
def _extra_file(stack: Stack, first_migration: Deferred[Manifest], media_folder: Path) -> Iterator[Deferred[Path]]:
    """Something more to migrate than what is in the volume, large enough for a migration to have a middle."""
    more = media_folder / MORE_NAME

    def add() -> Path:
        first_migration.get()
        write_file(more, MORE)
        return more

    yield Deferred(add)
    more.unlink(missing_ok=True)
    with suppress(PromiseBroken):
        stack.media.shell('rm -f -- "./$1"', MORE_NAME)


def test_a_second_migration_at_the_same_time_is_refused(
    stack: Stack, operator: Operator, extra_file: Deferred[Path]
) -> None:
    assert extra_file.get().is_file()
    with operator.start("migrate") as first:
        stop_half_way(first, stack.media)
        with operator.start("migrate") as second:
            waits = not second.ends_within(TURN_SECONDS)
            first.thaw()
            outcome, seconds = first.finish(), second.finish()

    assert outcome.ok, f"the first migration was disturbed by the second: {outcome.complaint}"
    if waits and seconds.ok:
        journal.add_evidence("a second migration waits until the first is over")
    else:
        expect_refusal(seconds, event="a second migration at the same time")
    expect_more(stack.media.manifest())


def expect_more(volume: Manifest) -> None:
    """Raise unless the last file to be migrated is in the volume, whole."""
    found = volume.entries.get(MORE_NAME.encode())
    assert found is not None, f"{MORE_NAME} is not in the volume"
    assert found.sha256 == hashlib.sha256(MORE).hexdigest(), f"{MORE_NAME} is not whole: {found.size} bytes"


class Interrupted(NamedTuple):
    """A migration that was interrupted, what it left, and the one that came after it."""

    outcome: commands.Outcome
    between: Manifest
    completed: commands.Outcome
    after: Manifest


@pytest.fixture(name="interruption")
def _interruption(stack: Stack, operator: Operator, extra_file: Deferred[Path]) -> Deferred[Interrupted]:
    """A migration is interrupted half-way, and run again."""

    def interrupt() -> Interrupted:
        assert extra_file.get().is_file()
        with operator.start("migrate") as first:
            stop_half_way(first, stack.media)
            first.signal(signal.SIGINT)
            first.thaw()
            outcome = first.finish()
        between = settled_manifest(stack)
        return Interrupted(outcome, between, operator.run("migrate"), settled_manifest(stack))

    return Deferred(interrupt)


def test_an_interrupted_migration_says_so_and_is_completed_by_the_next(
    interruption: Deferred[Interrupted], first_migration: Deferred[Manifest]
) -> None:
    done, as_it_was = interruption.get(), without_directories(first_migration.get())

    expect_refusal(done.outcome, event="an interrupted migration")
    for seen, event in ((done.between, "an interrupted migration"), (done.after, "completing a migration")):
        expect_same(as_it_was, restricted(seen, as_it_was), event=event)
    assert done.completed.ok, f"the next migration ended with {done.completed.status}: {done.completed.complaint}"
    expect_more(done.after)
    half = done.between.entries.get(MORE_NAME.encode())
    journal.add_evidence(
        f"the interruption left {half.size} of {len(MORE)} bytes of {MORE_NAME}; the next run completed it"
        if half
        else f"the interruption left nothing of {MORE_NAME} under its name; the next run brought it"
    )


class Stopped(NamedTuple):
    """How migrations end while the service is stopped: alone, and beside a container of a similar name.

    `late` is whether a new file of the host was in the volume then; `decoy` what was written to the other container.
    """

    alone: commands.Outcome
    late: bool
    beside_decoy: commands.Outcome
    decoy: list[str]


@pytest.fixture(scope="module", name="tried_while_stopped")
def _tried_while_stopped(
    session_stack: Stack, operator: Operator, media_folder: Path, first_migration: Deferred[Manifest]
) -> Deferred[Stopped]:
    """The service is stopped for a while, and a container whose name merely contains the service's runs."""
    stack = session_stack
    decoy, volume = stack.run.name(f"not-{stack.service}-1"), stack.run.name("media_of_another_service")
    labels = label_arguments(stack.run.labels)

    def try_while_stopped() -> Stopped:
        first_migration.get()
        write_file(media_folder / LATE_NAME, b"late")
        media = stack.media
        stack.project.compose("stop", stack.service)
        # An engine may list a container for a moment after it has reported that it stopped.
        wait_until(
            lambda: not stack.project.containers(stack.service), what="the service is stopped", seconds=STOP_SECONDS
        )
        alone = operator.run("migrate")
        late = LATE_NAME.encode() in media.manifest().entries
        stack.project.docker("volume", "create", *labels, volume)
        mount = f"--volume={volume}:{stack.media_root}"
        options = ["--detach", "--name", decoy, "--network=none", mount, *labels]
        stack.project.docker("run", *options, "ubuntu", "tail", "-f", "/dev/null")
        beside_decoy = operator.run("migrate")
        return Stopped(alone, late, beside_decoy, written_to(stack, decoy, volume))

    tried = Deferred(try_while_stopped)
    (media_folder / LATE_NAME).unlink(missing_ok=True)
    commands.run(["docker", "rm", "--force", decoy], env=stack.environment)
    commands.run(["docker", "volume", "rm", "--force", volume], env=stack.environment)
    with suppress(PromiseBroken):  # a service that doesn't come back has nothing to do with the migration
        stack.health.up()
    return tried


def written_to(stack: Stack, container: str, volume: str) -> list[str]:
    """Return what was written to a container, or to the volume that it mounts."""
    changes = stack.project.client.containers.get(container).diff() or []
    mount_point = stack.media_root
    media = VolumeMedia(volume, stack.project.client, stack.environment, stack.run.labels)
    found = [path.decode(errors="replace") for path in media.sizes() if path != b"."]
    return [*found, *(path for change in changes if not mount_point.startswith(path := str(change["Path"])))]


def test_a_stopped_service_is_refused(tried_while_stopped: Deferred[Stopped]) -> None:
    done = tried_while_stopped.get()

    if done.alone.ok and done.late:
        journal.add_evidence("the migration needs no running service: it brought a new file while that was stopped")
    else:
        expect_refusal(done.alone, event="a migration while the service is stopped")


def test_a_container_that_only_has_a_similar_name_does_not_fool_it(tried_while_stopped: Deferred[Stopped]) -> None:
    done = tried_while_stopped.get()

    assert not done.decoy, f"it took another container for the service's and wrote: {done.decoy[:5]}"
    if not (done.beside_decoy.ok and done.late):
        expect_refusal(done.beside_decoy, event="a migration beside a container of a similar name")


@pytest.mark.usefixtures("stack")
def test_a_missing_media_folder_is_refused(operator: Operator, media_folder: Path) -> None:
    aside = media_folder.with_name("media-aside")
    media_folder.rename(aside)
    try:
        outcome = operator.run("migrate")
    finally:
        aside.rename(media_folder)

    expect_refusal(outcome, event="a migration without a folder ./media")


@pytest.mark.usefixtures("stack")
def test_a_missing_engine_is_refused(operator: Operator, media_folder: Path, run_folder: Path) -> None:
    assert media_folder.is_dir()

    outcome = operator.run("migrate", extra={"DOCKER_HOST": f"unix://{run_folder}/no-engine.sock"})

    expect_refusal(outcome, event="a migration without an engine")


@pytest.mark.usefixtures("stack")
def test_an_unknown_option_is_refused(operator: Operator, media_folder: Path) -> None:
    assert media_folder.is_dir()

    outcome = operator.run_script(f"{operator.script('migrate')} --no-such-option")

    expect_refusal(outcome, event="a migration with an unknown option")


def expect_refusal(outcome: commands.Outcome, *, event: str) -> None:
    """Raise unless a command failed and said something on standard error."""
    said = outcome.stderr.decode(errors="replace").strip()
    assert outcome.status != 0, f"{event} ended with status 0, as if all was well: {outcome.text}"
    assert said, f"{event} ended with status {outcome.status} and doesn't say why, on standard error"
    journal.add_evidence(f"{event}: status {outcome.status}, {said.splitlines()[0]}")
