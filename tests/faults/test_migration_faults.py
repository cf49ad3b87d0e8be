"""A migration is cut short, loses its service or its disk space: no file is partial, and the next run completes it."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from docker.errors import APIError
from filling import EMPTY, FILL, FILL_INODES, FILLER

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.core.waiting import wait_until
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.events import faults
from media_guarantees.events.before_after import expect_same
from media_guarantees.events.loop_disk import Disk, make_disk, media_on, mounted
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.media.diff import describe, diff
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.legacy_media import MEGABYTE, as_migrated, lay_out_legacy, restricted, without_directories
from media_guarantees.media.manifest import Manifest
from media_guarantees.settings import Settings
from media_guarantees.system import commands
from media_guarantees.system.background_command import Background

BIG_FILE = 24 * MEGABYTE
SCRIPT = "migrate_media.sh"
STAGING = b".migration"

Interruption = Callable[[Stack, Background], object]

INTERRUPTIONS: dict[str, Interruption] = {
    "interrupted": lambda _, process: process.signal(signal.SIGINT),
    "terminated": lambda _, process: process.signal(signal.SIGTERM),
    "hung up": lambda _, process: process.signal(signal.SIGHUP),
    "killed": lambda _, process: process.signal(signal.SIGKILL),
    "without its container": lambda stack, _: faults.recreate(stack),
    "without its service": lambda stack, _: faults.kill_main_process(stack),
}


@dataclass(frozen=True)
class Migration:
    """A migration before it starts: what the host has, and what the volume has."""

    stack: Stack
    operator: Operator
    folder: Path
    host: Manifest
    before: Manifest

    @property
    def expected(self) -> Manifest:
        """What the volume must hold of the host's files in the end."""
        uid, gid = self.stack.service_container.user().split(":")
        return as_migrated(self.host, self.before, int(uid), int(gid))

    def expect_no_halves(self) -> None:
        """Raise `PromiseBroken` unless every name in the volume is what it was, or what it is to be."""
        now = without_directories(self.stack.media.manifest().only(is_shown))
        old, new = restricted(now, self.before), now.only(lambda path: path not in self.before.entries)
        expect_same(without_directories(self.before), old, event="half a migration, of what was there")
        if new.files:
            changes = diff(restricted(self.expected, new), new)
            assert not changes, describe(changes, event="half a migration, of what came")

    def expect_completed_by_the_next(self) -> None:
        """Migrate once more; raises `PromiseBroken` unless everything is there then, and the host's files untouched."""
        outcome = self.operator.run("migrate")
        now = self.stack.media.manifest()
        assert outcome.ok, f"the next migration ended with status {outcome.status}: {outcome.complaint}"
        expect_same(self.expected, restricted(now, self.expected), event="completing the migration")
        assert STAGING not in now.entries, "the completed migration left its hidden folder behind"
        expect_same(self.host, read_directory(self.folder), event="migrating the host's files")

    def clean_up(self) -> None:
        """Remove what the migration left, in the volume and on the host."""
        brought = [path for path in self.stack.media.manifest().entries if path not in self.before.entries]
        self.stack.media.shell("xargs -0 rm -rf --", stdin=b"".join(b"./" + path + b"\0" for path in brought))
        shutil.rmtree(self.folder)


def is_shown(path: bytes) -> bool:
    """Whether a path is neither in the migration's hidden folder nor a file that fills the disk."""
    return path.split(b"/")[0] not in {STAGING, FILLER.encode()}


@pytest.fixture(name="migration")
def _migration(stack: Stack, operator: Operator, seeded_media: SeededMedia, settings: Settings) -> Iterator[Migration]:
    """Old media on the host, and a volume that has newer ones."""
    seeded_media.ensure_uploaded(stack)
    folder = operator.folder / "media"
    host = lay_out_legacy(folder, settings.seed, big_bytes=BIG_FILE)
    migration = Migration(stack, operator, folder, host, stack.media.manifest().only(is_shown))
    yield migration
    migration.clean_up()


@pytest.fixture(scope="module", name="seconds")
def _seconds(session_stack: Stack, operator: Operator, settings: Settings) -> float:
    """How long such a migration takes here, undisturbed."""
    folder = operator.folder / "media"
    host = lay_out_legacy(folder, settings.seed, big_bytes=BIG_FILE)
    migration = Migration(session_stack, operator, folder, host, session_stack.media.manifest())
    outcome = operator.run("migrate")
    migration.clean_up()
    assert outcome.ok, f"the migration fails undisturbed: {outcome.complaint}"
    return outcome.seconds


@pytest.mark.parametrize("time", range(3))
@pytest.mark.parametrize("interruption", INTERRUPTIONS)
def test_a_disturbed_migration_shows_nothing_by_halves_and_is_completed_by_the_next(
    migration: Migration, seconds: float, settings: Settings, interruption: str, time: int
) -> None:
    moment = random.Random(f"{settings.seed}/{interruption}/{time}").uniform(0.0, 0.9 * seconds)  # noqa: S311 - nothing is secret
    with migration.operator.start("migrate") as process:
        if not freeze_at(process, moment):
            pytest.skip(f"the migration took {seconds:.2f} s before, and now it was over at {moment:.2f} s")
        INTERRUPTIONS[interruption](migration.stack, process)
        process.thaw()
        outcome = process.finish()
    wait_until(lambda: is_quiet(migration.stack), what="nothing of the migration is left in the container", seconds=30)
    migration.stack.health.wait_until_ready()
    journal.add_evidence(f"{interruption} after {moment:.2f} of {seconds:.2f} s: status {outcome.status}")

    assert outcome.ok or outcome.status < 0 or outcome.stderr.strip(), "it failed and doesn't say why"
    migration.expect_no_halves()
    migration.expect_completed_by_the_next()


def freeze_at(process: Background, moment: float) -> bool:
    """Stop a process so many seconds after its start; False if it was over before."""
    with suppress(subprocess.TimeoutExpired):
        process.finish(seconds=moment)
    process.freeze()
    return process.running


def is_quiet(stack: Stack) -> bool:
    """Whether no process of a migration runs in the service's container, whose client may be dead already."""
    containers = stack.project.containers(stack.service)
    if not containers:
        return False
    try:
        rows = containers[0].top(ps_args="-eo pid,args")["Processes"]
    except APIError:  # it is starting again right now, and can't be asked
        return False
    return not any(SCRIPT in word or "tar -x" in word for row in rows for word in row)


@pytest.fixture(name="small_disk")
def _small_disk(engine: Engine, session_stack: Stack, run_folder: Path) -> Iterator[Disk]:
    """A disk with room for the migration, and the service's media on it."""
    if engine.private_engine is None:
        pytest.skip("it takes a private engine, under which a disk of the run's own can be put")
    image = run_folder / "migration.img"
    with ExitStack() as stack:
        try:
            make_disk(image, 3 * BIG_FILE, inodes=400)
            disk = stack.enter_context(mounted(engine.private_engine, image))
        except BadInput as problem:
            pytest.skip(str(problem))
        stack.enter_context(media_on(disk, session_stack))
        yield disk
    image.unlink()


@pytest.mark.parametrize(
    "fill",
    [f"{FILL}; truncate --size=-{BIG_FILE // 2} {FILLER}", f"{FILL_INODES}; rm {FILLER}/?"],
    ids=["bytes", "inodes"],
)
def test_a_volume_that_is_full_half_way_is_reported_and_the_next_migration_completes(
    small_disk: Disk, migration: Migration, fill: str
) -> None:
    small_disk.run("sh", "-c", f'cd "$1" && {fill}', "sh", small_disk.folder)

    outcome = migration.operator.run("migrate")

    expect_no_room(outcome)
    migration.expect_no_halves()
    assert STAGING not in migration.stack.media.manifest().entries, "what it had copied still takes up the room"
    small_disk.run("sh", "-c", f'cd "$1" && {EMPTY}', "sh", small_disk.folder)
    migration.expect_completed_by_the_next()


def expect_no_room(outcome: commands.Outcome) -> None:
    """Expect a failure that says why on standard error."""
    said = outcome.stderr.decode(errors="replace")
    assert outcome.status == 1, f"it ended with status {outcome.status} on a full disk: {said}"
    assert "No space left" in said, f"it doesn't say that the disk is full: {said}"
    journal.add_evidence(f"status {outcome.status}: {said.strip().splitlines()[-1]}")
