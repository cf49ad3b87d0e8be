"""A backup is carried to another host, restored there with the guide, put to use, and carried home again."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from media_guarantees.archive.backup_file import parts_of
from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import BadInput, PromiseBroken
from media_guarantees.deployment.guide_operator import operator_of
from media_guarantees.deployment.second_host import another_host, another_version, carry_other_data
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine, server_version
from media_guarantees.events.before_after import expect_restored
from media_guarantees.events.copies.backup_run import Backup, restore_to, take_backup
from media_guarantees.events.home.lost_media import lose_media
from media_guarantees.events.media_owner import MediaOwner
from media_guarantees.events.planted_entries import with_owners_taken_over
from media_guarantees.events.seeded_media import SeededMedia, expect_new_upload_works, expect_served_as_before
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.guide.reader import Guide
from media_guarantees.media.manifest import Manifest
from media_guarantees.media.uploads.platform_protocol import Upload
from media_guarantees.settings import Settings
from media_guarantees.system import commands

pytestmark = pytest.mark.guarantee("portability.another_host")

THERE = "moving to another host"
HOME = "moving back home"


class Site(NamedTuple):
    """A host: its platform, and an operator who follows the guide there."""

    stack: Stack
    operator: Operator


class Move(NamedTuple):
    """A move from one site to another: what was uploaded and backed up, what was there before, what arrived.

    `others` is what was copied over beside the backup.
    """

    uploads: tuple[Upload, ...]
    backup: Backup
    found: tuple[str, ...]
    arrived: Manifest
    others: tuple[str, ...]


@pytest.fixture(scope="module", name="home")
def _home(session_stack: Stack, operator: Operator) -> Site:
    """Where the platform has been so far."""
    return Site(session_stack, operator)


@pytest.fixture(scope="module", name="version")
def _version(engine: Engine, settings: Settings) -> Deferred[str]:
    """A version of engine other than this one; raises `BadInput` where none can be had."""
    if platform.system() != "Linux" or os.geteuid() != 0:
        pytest.skip("another host is a private engine beside this one: it takes root on Linux")
    return Deferred(lambda: another_version(settings.cache, engine.version))


@pytest.fixture(scope="module", name="host")
def _host(
    version: Deferred[str],
    home: Site,
    guide: Guide,
    settings: Settings,
    run_folder: Path,
) -> Iterator[Site]:
    """Another host with nothing on its engine, which is of another version where one can be had."""
    folder = run_folder / "another-host"
    with ExitStack() as running:
        try:
            chosen = version.get()
        except BadInput:  # raised again for the test that asks for nothing else
            chosen = ""
        try:
            there = another_host(home.stack, folder, settings.cache, chosen)
            stack, engine = running.enter_context(there)
        except BadInput as problem:
            pytest.skip(f"there is no other host: {problem.problem}")
        yield Site(stack, running.enter_context(operator_of(stack, guide, engine, folder)))


@pytest.fixture(scope="module", name="move_there")
def _move_there(home: Site, host: Site, seeded_media: SeededMedia, settings: Settings) -> Iterator[Deferred[Move]]:
    """The platform moves to another host, whose engine is listed first; afterwards it runs at home again."""

    def move() -> Move:
        done = moving(home, host, seeded_media, event=THERE)
        host.stack.choose_platform(settings.upload)
        return done

    owner = MediaOwner(home.stack)
    yield Deferred(move)
    with suppress(PromiseBroken):
        home.stack.health.up()
    owner.give_back()


@pytest.fixture(scope="module", name="move_home")
def _move_home(move_there: Deferred[Move], home: Site, host: Site, seeded_media: SeededMedia) -> Deferred[Move]:
    """The platform moves back, with what was uploaded there."""

    def move_back() -> Move:
        assert move_there.get().arrived
        return moving(host, home, seeded_media, event=HOME)

    return Deferred(move_back)


def moving(here: Site, there: Site, seeded_media: SeededMedia, *, event: str) -> Move:
    """Back up and switch off here, carry the archive, restore and start there; nothing of the media stays here.

    What the platform keeps beside the media (a database's volume) is brought as it is: the guide is not about it.
    """
    step = there.operator.step("restore")
    backup = take_backup(here.stack, seeded_media, here.operator).get()
    kept = lose_media(here.stack)
    found = (*listed(there.stack, "container"), *listed(there.stack, "volume"))
    with journal.step(f"event: {event}"):
        others = carry_other_data(here.stack, there.stack, kept)
        carry(backup, there.operator)
        restore_to(there.stack, there.operator, step, backup)
        start(there.stack, event)
    return Move(seeded_media.uploads, backup, found, there.stack.media.manifest(), others)


def carry(backup: Backup, operator: Operator) -> None:
    """Copy a backup to the same place at another operator's, with its owners, modes and times."""
    carried = operator.folder.parent / backup.place.relative_to(backup.folder.parent)
    carried.parent.mkdir(parents=True, exist_ok=True)
    parts = [str(part) for part in parts_of(backup.place)]
    commands.check(["cp", "--archive", "--", *parts, str(carried.parent)], env=operator.environment)


def start(stack: Stack, event: str) -> None:
    """Bring the platform up; if it doesn't start, report its last log lines, which are lost with its host."""
    try:
        stack.health.up()
    except PromiseBroken as broken:
        last_words = "\n".join(stack.project.logs().splitlines()[-5:])
        raise PromiseBroken(f"after {event}: {broken.seen}; it said last:\n{last_words}") from broken


def listed(stack: Stack, kind: str) -> list[str]:
    """Return the name of every ``container`` or ``volume`` on the engine of `stack`."""
    options = ["--all", "--format={{.Names}}"] if kind == "container" else ["--format={{.Name}}"]
    return stack.project.docker(kind, "ls", *options).text.split()


def test_the_other_host_is_another_engine_with_nothing_on_it(
    home: Site, host: Site, move_there: Deferred[Move]
) -> None:
    engines = {site.stack.project.docker("info", "--format={{.ID}}").text for site in (home, host)}

    assert len(engines) == 2, "both hosts have the same engine: nothing was moved"
    assert not move_there.get().found, f"the other host was not empty: {', '.join(move_there.get().found)}"
    journal.add_evidence("the other host's engine had no container and no volume")


def test_its_engine_is_of_another_version(version: Deferred[str], home: Site, host: Site) -> None:
    try:
        version.get()
    except BadInput as problem:
        pytest.skip(f"moved, but only between engines of one version: {problem.problem}")
    here, there = (server_version(site.stack.environment) for site in (home, host))

    assert here != there, f"both hosts run engine {here}"
    journal.add_evidence(f"moved from engine {here} to engine {there}")


def test_the_media_arrive_as_they_were(move_there: Deferred[Move]) -> None:
    move = move_there.get()

    before = with_owners_taken_over(move.backup.before, move.arrived)
    expect_restored(before, move.arrived, event=THERE, uploads=move.uploads)


def test_every_picture_is_served_the_same_there(move_there: Deferred[Move], host: Site) -> None:
    move = move_there.get()
    if move.others:
        journal.add_evidence(f"beside the backup, as they are no part of the guide, came {', '.join(move.others)}")
    expect_served_as_before(host.stack, move.uploads, event=THERE)


def test_a_new_upload_works_there(move_there: Deferred[Move], host: Site, seeded_media: SeededMedia) -> None:
    assert move_there.get().arrived
    expect_new_upload_works(host.stack, seeded_media, event=THERE)


def test_the_media_come_home_with_what_was_uploaded_there(
    move_home: Deferred[Move], move_there: Deferred[Move]
) -> None:
    move = move_home.get()

    added = move.arrived.entries.keys() - move_there.get().arrived.entries.keys()
    assert added, "nothing was uploaded on the other host: the way back shows nothing that the way there doesn't"
    before = with_owners_taken_over(move.backup.before, move.arrived)
    expect_restored(before, move.arrived, event=HOME, uploads=move.uploads)


def test_every_picture_is_served_the_same_at_home(move_home: Deferred[Move], home: Site) -> None:
    expect_served_as_before(home.stack, move_home.get().uploads, event=HOME)
