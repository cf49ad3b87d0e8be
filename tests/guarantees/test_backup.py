"""The guide's backup command, as printed: it makes a complete archive and disturbs nothing."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from media_guarantees.archive.examine import DamagedArchive
from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.deployment.stack import Stack
from media_guarantees.events.before_after import expect_restored, expect_same, run_event
from media_guarantees.events.copies.backup_run import (
    Backup,
    lose_and_restore,
    name_contains_date,
    promises_day,
    take_backup,
)
from media_guarantees.events.copies.made_copy import archives_in, files_of, media_in
from media_guarantees.events.planted_entries import with_owners_taken_over
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.guide.shell.midnight_clock import at_midnight

created = pytest.mark.guarantee("backup.created")
complete = pytest.mark.guarantee("backup.complete")
harmless = pytest.mark.guarantee("backup.harmless")


@pytest.fixture(scope="module", name="backup_attempt")
def _backup_attempt(session_stack: Stack, seeded_media: SeededMedia, operator: Operator) -> Deferred[Backup]:
    """A backup, taken once as the guide says; errors are raised in the test."""
    return take_backup(session_stack, seeded_media, operator)


@created
def test_the_archive_appears_under_the_day_on_which_the_command_started(
    operator: Operator, backup_attempt: Deferred[Backup]
) -> None:
    backup = backup_attempt.get()
    expect_day(operator)

    assert name_contains_date(backup.reference, backup.day), (
        f"a backup started on {backup.day} is called {backup.place.name}"
    )
    journal.add_evidence(f"{backup.place.name}, {backup.place.stat().st_size} bytes, started on {backup.day}")


@created
def test_the_person_who_ran_the_command_can_read_the_archive(backup_attempt: Deferred[Backup]) -> None:
    archive = backup_attempt.get().place

    assert os.access(archive, os.R_OK), f"{archive.name} can't be read by the person who made it"
    assert archive.stat().st_mode & 0o444, (
        f"{archive.name} has mode {archive.stat().st_mode & 0o7777:o}: it can't be copied off"
    )


@created
def test_a_backup_across_midnight_is_named_after_the_day_on_which_it_started(
    stack: Stack, operator: Operator, run_folder: Path
) -> None:
    expect_day(operator)
    clock = at_midnight(run_folder, date(2031, 12, 31), path=stack.environment["PATH"])

    outcome = operator.run("backup", extra=clock.environment)

    assert outcome.ok, f"the backup command failed around midnight: {outcome.complaint}"
    assert clock.was_read, "the command never asked what day it is"
    names = sorted(str(path.relative_to(operator.folder)) for path in files_of(operator.folder))
    right = [name for name in names if name_contains_date(name, date(2031, 12, 31))]
    step = operator.step("backup")
    if not right and (step.core or "|" in step.script):
        raise Unproven("the guide asks for the day when another of its commands has begun: it promises no minute of it")
    left = sorted(path.name for path in archives_in(operator.folder))
    assert right, f"started on 2031-12-31, just before midnight, it left {left}"
    journal.add_evidence(f"started on 2031-12-31 and over on 2032-01-01, it is called {right[0]}")


def expect_day(operator: Operator) -> None:
    """Raise `Unproven` if the guide's archive names contain no day: then it promises none."""
    step = operator.step("backup")
    if not promises_day(step):
        raise Unproven("the guide does not describe it: its backup command names no archive after the day")


@harmless
def test_the_media_are_the_same_before_and_after(
    stack: Stack, operator: Operator, seeded_media: SeededMedia, backup_attempt: Deferred[Backup]
) -> None:
    before, after = backup_attempt.get().before, stack.media.manifest()

    if operator.step("backup").stops_services:  # as it starts again, it may take over what belongs to others
        before = with_owners_taken_over(before, after)
    expect_same(before, after, event="the backup", uploads=seeded_media.uploads)


@harmless
def test_the_service_runs_as_before_when_the_backup_is_over(backup_attempt: Deferred[Backup]) -> None:
    backup = backup_attempt.get()

    if backup.not_running:
        raise PromiseBroken(
            backup.not_running,
            means="people can't see or upload pictures after a backup, until somebody starts the service",
            next_step="let the backup's commands start what they stop, also where one between them fails",
        )
    journal.add_evidence("what ran before the backup ran after it")


@harmless
def test_the_service_answered_all_the_time_unless_the_guide_stops_it(
    stack: Stack, operator: Operator, backup_attempt: Deferred[Backup]
) -> None:
    backup = backup_attempt.get()

    assert backup.asked >= 3, f"the service was only asked {backup.asked} times during the backup"
    if backup.unanswered and operator.step("backup").stops_services:
        journal.add_evidence(
            f"the guide stops services for its backup: {backup.unanswered} of {backup.asked} requests were not answered"
        )
        return
    assert not backup.unanswered, f"{backup.unanswered} of {backup.asked} requests during the backup failed"
    if stack.unserved:
        journal.add_evidence(f"{stack.unserved}: its container ran, and was healthy, all {backup.asked} times")
    else:
        journal.add_evidence(f"{backup.asked} requests during the backup, all answered")


@harmless
def test_no_volume_and_no_container_stays_behind(backup_attempt: Deferred[Backup]) -> None:
    backup = backup_attempt.get()

    assert not backup.leftovers, (
        f"the backup left behind: {', '.join(sorted(backup.leftovers))}; a volume that a backup makes is one that it "
        "archived while it was empty"
    )


@complete
def test_the_archive_holds_the_whole_volume_and_nothing_else(
    session_stack: Stack, seeded_media: SeededMedia, operator: Operator, backup_attempt: Deferred[Backup]
) -> None:
    backup = backup_attempt.get()

    try:
        held = media_in(backup.copy, backup.before)
    except DamagedArchive as damage:
        raise PromiseBroken(
            f"{backup.place.name} can't be read: {damage}", next_step="take the backup again"
        ) from damage
    if held is None:
        expect_comes_back(session_stack, seeded_media, operator, backup)
    elif backup.copy.kind == "folder":
        journal.add_evidence(f"the folder {backup.place.name} is compared; whether owners come back, the restore shows")
        uploads = seeded_media.uploads
        expect_restored(backup.before, held, event="copying it", ignore=NOT_IN_A_FOLDER, uploads=uploads)
    else:
        expect_same(backup.before, held, event="archiving it", mtime="seconds", uploads=seeded_media.uploads)


# A copy in a folder belongs to the person who made it, and is of files, each of them a file of its own.
NOT_IN_A_FOLDER = frozenset({"owner", "group", "links"})


def expect_comes_back(stack: Stack, seeded_media: SeededMedia, operator: Operator, backup: Backup) -> None:
    """Lose the volume and restore it: of a copy that can't be read here, only that shows what is in it."""
    event = "backing it up, losing it and restoring it"
    restored = run_event(stack, seeded_media, event, lambda stack: lose_and_restore(stack, operator, backup)).after
    journal.add_evidence("the backup can't be read here: it is judged by what was restored from it")
    before = with_owners_taken_over(backup.before, restored.manifest)
    expect_restored(before, restored.manifest, event=event, uploads=seeded_media.uploads)
