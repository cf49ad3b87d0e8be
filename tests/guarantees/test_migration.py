"""`./migrate_media.sh`, as the guide names it: it brings everything, overwrites nothing, and says when it can't."""

from __future__ import annotations

import hashlib
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from media_guarantees.core import journal
from media_guarantees.core.deferred import once
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.core.waiting import wait_until
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.helper_container import label_arguments
from media_guarantees.events.before_after import expect_same
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.legacy_media import (
    BIG_NAME,
    MEGABYTE,
    as_migrated,
    lay_out_legacy,
    restricted,
    without_directories,
    write_file,
)
from media_guarantees.media.manifest import Manifest
from media_guarantees.system import commands

complete = pytest.mark.guarantee("migration.complete")
idempotent = pytest.mark.guarantee("migration.idempotent")
preserves = pytest.mark.guarantee("migration.preserves")
refuses = pytest.mark.guarantee("migration.refuses")

SEED = 20190131
BIG_FILE = 200 * MEGABYTE
MORE_NAME = "event_banners/more.mp4"
MORE = bytes(range(256)) * (32 * MEGABYTE // 256)
CLASH = "avatars/old one.png"
STOP_SECONDS = 10.0
NOTHING_TO_DO = ("nothing", "already", "nada", "já")


class Migrated(NamedTuple):
    """A migration and what it met, made and said."""

    outcome: commands.Outcome
    host_before: Manifest
    host_after: Manifest
    volume_before: Manifest
    volume: Manifest
    user: str

    @property
    def expected(self) -> Manifest:
        """What the volume must hold of the host's files."""
        uid, gid = self.user.split(":")
        return as_migrated(self.host_before, self.volume_before, int(uid), int(gid))


@pytest.fixture(scope="module", name="media_folder")
def _media_folder(operator: Operator) -> Iterator[Path]:
    """The host's old `./media`, which the whole module migrates."""
    folder = operator.folder / "media"
    lay_out_legacy(folder, SEED, big_bytes=BIG_FILE)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module", name="migrated")
def _migrated(session_stack: Stack, operator: Operator, media_folder: Path) -> Iterator[Callable[[], Migrated]]:
    """The first migration; the volume is rid of it again in the end."""
    before = read_directory(media_folder)

    def migrate() -> Migrated:
        operator.step("migrate")
        session_stack.recover()
        volume_before = session_stack.media.manifest()
        with journal.step("event: the guide's migration, with a file of 200 MB"):
            outcome = operator.run("migrate")
        volume = session_stack.media.manifest()
        return Migrated(
            outcome, before, read_directory(media_folder), volume_before, volume, session_stack.inside.user()
        )

    yield once(migrate)
    with suppress(PromiseBroken):
        remove_from_volume(session_stack, before)


def remove_from_volume(stack: Stack, manifest: Manifest) -> None:
    """Take the host's files out of the volume; the platform's own folders stay."""
    own = {b".", b"avatars", b"event_banners", b"profile_pictures"}
    paths = b"".join(b"./" + path + b"\0" for path in manifest.entries if path not in own)
    stack.media.shell("xargs -0 rm -rf --", stdin=paths)


@complete
def test_everything_on_the_host_is_in_the_volume_identical(migrated: Callable[[], Migrated]) -> None:
    done = migrated()

    assert done.outcome.ok, f"the migration ended with status {done.outcome.status}: {done.outcome.complaint}"
    expect_same(done.expected, restricted(done.volume, done.expected), event="migrating it")


@pytest.fixture(scope="module", name="slimmed")
def _slimmed(session_stack: Stack, media_folder: Path, migrated: Callable[[], Migrated]) -> Callable[[], Manifest]:
    """What is in the volume without the largest file, which has done its duty and is gone from the host as well."""

    def slim() -> Manifest:
        outcome = migrated().outcome
        assert outcome.ok, f"the first migration ended with status {outcome.status}: {outcome.complaint}"
        (media_folder / BIG_NAME).unlink(missing_ok=True)
        session_stack.media.shell('rm -- "./$1"', BIG_NAME)
        return session_stack.media.manifest()

    return once(slim)


@idempotent
def test_a_second_migration_changes_nothing_and_says_so(
    stack: Stack, operator: Operator, slimmed: Callable[[], Manifest]
) -> None:
    before = slimmed()

    again = operator.run("migrate")

    assert again.ok, f"migrating a second time ended with status {again.status}: {again.complaint}"
    expect_same(before, stack.media.manifest(), event="migrating a second time")
    said = (again.stdout + again.stderr).decode(errors="replace")
    assert any(word in said.lower() for word in NOTHING_TO_DO), f"it doesn't say that there was nothing to do: {said}"


@pytest.fixture(name="more")
def _more(stack: Stack, slimmed: Callable[[], Manifest], media_folder: Path) -> Iterator[Callable[[], Path]]:
    """Something more to migrate than what is in the volume, large enough to be in the middle of."""
    more = media_folder / MORE_NAME

    def write_project_folder() -> Path:
        slimmed()
        write_file(more, MORE)
        return more

    yield once(write_project_folder)
    more.unlink(missing_ok=True)
    with suppress(PromiseBroken):
        stack.media.shell('rm -f -- "./$1"', MORE_NAME)


@refuses
def test_a_second_migration_at_the_same_time_is_refused(operator: Operator, more: Callable[[], Path]) -> None:
    assert more().is_file()
    with operator.start("migrate") as first:
        first.wait_for_output(b"copying")
        first.freeze()
        second = operator.run("migrate")
        assert first.running, "the first migration ended before the second began: nothing was shown"
        first.thaw()
        outcome = first.finish()

    expect_refusal(second, "another", "progress", "já")
    assert outcome.ok, f"the first migration was disturbed by the second: {outcome.complaint}"


class Interrupted(NamedTuple):
    """A migration that was interrupted, and the one that came after it."""

    outcome: commands.Outcome
    between: Manifest
    completed: commands.Outcome
    after: Manifest


@pytest.fixture(name="interrupted")
def _interrupted(stack: Stack, operator: Operator, more: Callable[[], Path]) -> Callable[[], Interrupted]:
    """A migration is interrupted while it copies, and run again."""

    def interrupt() -> Interrupted:
        assert more().is_file()
        with operator.start("migrate") as first:
            first.wait_for_output(b"copying")
            first.signal(signal.SIGINT)
            outcome = first.finish()
        between = stack.media.manifest()
        return Interrupted(outcome, between, operator.run("migrate"), stack.media.manifest())

    return once(interrupt)


@refuses
def test_an_interrupted_migration_leaves_nothing_half_done_and_is_completed_by_the_next(
    interrupted: Callable[[], Interrupted], migrated: Callable[[], Migrated]
) -> None:
    done, first = interrupted(), migrated()
    as_it_was = without_directories(restricted(first.volume, first.expected))

    expect_refusal(done.outcome, "interrupt", "interromp")
    assert MORE_NAME.encode() not in done.between.entries, "it was over before it was interrupted, or left half a file"
    expect_same(
        restricted(as_it_was, done.between), restricted(done.between, as_it_was), event="an interrupted migration"
    )
    assert done.completed.ok, f"the next migration ended with {done.completed.status}: {done.completed.complaint}"
    found = done.after.entries[MORE_NAME.encode()].sha256
    assert found == hashlib.sha256(MORE).hexdigest(), "the file that was interrupted is not whole after the next run"


@preserves
def test_the_hosts_files_are_untouched(migrated: Callable[[], Migrated]) -> None:
    done = migrated()

    expect_same(done.host_before, done.host_after, event="migrating the host's files")


class Conflict(NamedTuple):
    """What became of a name that host and platform hold with different content."""

    kept: commands.Outcome
    volume_kept: Manifest
    overwritten: commands.Outcome
    volume_overwritten: Manifest


@pytest.fixture(scope="module", name="conflict")
def _conflict(session_stack: Stack, operator: Operator, slimmed: Callable[[], Manifest]) -> Callable[[], Conflict]:
    """The platform changes a picture that the host has too, and the migration meets it, without and with the flag."""

    def clash() -> Conflict:
        slimmed()
        session_stack.media.shell('printf "the platform has another" > "./$1"', CLASH)
        kept = operator.run("migrate")
        volume_kept = session_stack.media.manifest()
        overwritten = operator.type(f"{operator.script('migrate')} --overwrite")
        return Conflict(kept, volume_kept, overwritten, session_stack.media.manifest())

    return once(clash)


@preserves
def test_a_file_of_the_platform_is_not_overwritten(
    conflict: Callable[[], Conflict], migrated: Callable[[], Migrated]
) -> None:
    entry = conflict().volume_kept.entries[CLASH.encode()]

    assert entry.sha256 != migrated().host_before.entries[CLASH.encode()].sha256, (
        f"{CLASH}, which the platform held with other content, was overwritten in silence"
    )


@preserves
def test_a_kept_file_is_named_and_the_exit_status_says_so(conflict: Callable[[], Conflict]) -> None:
    kept = conflict().kept
    said = (kept.stdout + kept.stderr).decode(errors="replace")

    assert kept.status != 0, "the migration left a file out and ended with status 0"
    assert "old one.png" in said.replace("\\ ", " "), f"the migration doesn't name the file that it kept: {said}"


@preserves
def test_overwriting_is_an_explicit_flag(conflict: Callable[[], Conflict], migrated: Callable[[], Migrated]) -> None:
    done = conflict()

    assert done.overwritten.ok, f"--overwrite ended with status {done.overwritten.status}: {done.overwritten.complaint}"
    entry = done.volume_overwritten.entries[CLASH.encode()]
    assert entry.sha256 == migrated().host_before.entries[CLASH.encode()].sha256, "--overwrite left the file as it was"


@complete
def test_the_services_user_can_replace_and_delete_what_was_migrated(
    stack: Stack, migrated: Callable[[], Migrated]
) -> None:
    done = migrated()
    files = b"".join(b"./" + entry.path + b"\0" for entry in done.expected.files if entry.path != BIG_NAME.encode())
    replace_and_delete = 'for file; do printf other > "$file" && rm -- "$file" || exit 1; done'
    script = f"cd \"$1\" && xargs -0 sh -c '{replace_and_delete}' sh"

    stack.inside.expect_programs("xargs", "rm")
    worked = stack.inside.execute(["sh", "-c", script, "sh", stack.media_root], user=stack.inside.user(), stdin=files)

    assert files, "nothing was migrated"
    assert worked.ok, f"the service's user can't replace and delete migrated files: {worked.complaint}"


class Stopped(NamedTuple):
    """What the migration says while the service is stopped: alone, and beside a container of a similar name."""

    alone: commands.Outcome
    beside_decoy: commands.Outcome
    written_to_decoy: list[str]


@pytest.fixture(scope="module", name="stopped")
def _stopped(session_stack: Stack, operator: Operator, media_folder: Path) -> Callable[[], Stopped]:
    """The service is stopped for a while, and a container whose name merely contains the service's runs."""
    stack = session_stack
    decoy = stack.run.name(f"not-{stack.service}-1")
    labels = label_arguments(stack.run.labels)

    def try_while_stopped() -> Stopped:
        assert media_folder.is_dir()
        operator.step("migrate")
        stack.compose("stop", stack.service)
        # An engine may list a container for a moment after it has told that it stopped.
        wait_until(lambda: not stack.containers(stack.service), what="the service is stopped", seconds=STOP_SECONDS)
        alone = operator.run("migrate")
        stack.docker("run", "--detach", "--name", decoy, "--network=none", *labels, "ubuntu", "tail", "-f", "/dev/null")
        beside_decoy = operator.run("migrate")
        changes = stack.client.containers.get(decoy).diff() or []
        return Stopped(alone, beside_decoy, [str(change["Path"]) for change in changes])

    tried = once(try_while_stopped)
    commands.run(["docker", "rm", "--force", decoy], env=stack.environment)
    with suppress(PromiseBroken):  # a service that doesn't come back is no matter of the migration's
        stack.up()
    return tried


@refuses
def test_a_stopped_service_is_refused(stopped: Callable[[], Stopped]) -> None:
    expect_refusal(stopped().alone, "not running", "não está")


@refuses
def test_a_container_that_only_has_a_similar_name_does_not_fool_it(stopped: Callable[[], Stopped]) -> None:
    done = stopped()

    expect_refusal(done.beside_decoy, "not running", "não está")
    assert not done.written_to_decoy, f"it took another container for the service's and wrote: {done.written_to_decoy}"


@refuses
def test_a_missing_media_folder_is_refused(operator: Operator, media_folder: Path) -> None:
    aside = media_folder.with_name("media-aside")
    media_folder.rename(aside)
    try:
        outcome = operator.run("migrate")
    finally:
        aside.rename(media_folder)

    expect_refusal(outcome, "media")


@refuses
def test_a_missing_engine_is_refused(operator: Operator, media_folder: Path, run_folder: Path) -> None:
    assert media_folder.is_dir()

    outcome = operator.run("migrate", extra={"DOCKER_HOST": f"unix://{run_folder}/no-engine.sock"})

    expect_refusal(outcome, "engine", "daemon", "docker")


@refuses
def test_an_unknown_option_is_refused(operator: Operator, media_folder: Path) -> None:
    assert media_folder.is_dir()

    outcome = operator.type(f"{operator.script('migrate')} --no-such-option")

    expect_refusal(outcome, "--no-such-option")


def expect_refusal(outcome: commands.Outcome, *words: str) -> None:
    """A refusal says why, on standard error, and has a status of its own."""
    said = outcome.stderr.decode(errors="replace")
    assert outcome.status != 0, f"it ended with status 0, as if all was well: {outcome.text}"
    assert any(word.lower() in said.lower() for word in words), f"it doesn't say why, on standard error: {said!r}"
    journal.add_evidence(f"status {outcome.status}: {said.splitlines()[0]}")
