"""The guide's backup of the live volume, restored into a scratch volume: whether this server could be restored now."""

from __future__ import annotations

import pytest

from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.events.copies.backup_run import name_contains_date
from media_guarantees.gate.restore_drill.drill import BackupTaken, Drill
from media_guarantees.media.diff import Difference, describe
from media_guarantees.media.manifest import Manifest


@pytest.mark.guarantee("backup.created")
def test_the_backup_bears_the_day_on_which_it_started(backed_up: Deferred[BackupTaken]) -> None:
    backup = backed_up.get()

    name = backup.name

    journal.add_evidence(f"{name}, of the live volume mounted read-only, into a scratch volume beside it")
    if not backup.promises_day:
        pytest.skip(f"the guide does not describe it: the archive {name} is not named after the day")
    assert name_contains_date(name, backup.day), f"a backup started on {backup.day} is called {name}"


@pytest.mark.guarantee("backup.complete")
def test_the_backup_holds_the_live_media(drill: Drill, backed_up: Deferred[BackupTaken]) -> None:
    backup = backed_up.get()

    expect_none(backup.differences(drill.read(backup.name, original=backup.live)), "archiving it")


@pytest.mark.guarantee("restore.disaster")
def test_the_restored_volume_is_the_live_one(backed_up: Deferred[BackupTaken], restored: Deferred[Manifest]) -> None:
    copy = restored.get()

    expect_none(backed_up.get().differences(copy), "restoring it into an empty volume")
    journal.add_evidence("that a service serves what was restored is shown by make verify, not on a live server")


def expect_none(changes: tuple[Difference, ...], event: str) -> None:
    """Raise `PromiseBroken` that describes the differences, if there are any."""
    if changes:
        raise PromiseBroken(
            describe(changes, event=event),
            next_step="look at every difference, in the folder differences/ of this run's report",
            detail=describe(changes, event=event, limit=None),
        )
