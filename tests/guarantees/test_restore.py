"""The guide's restore command, as printed: a lost volume comes back, a damaged one is repaired."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.deployment.stack import Stack
from media_guarantees.events.before_after import EventResult, expect_restored, run_event
from media_guarantees.events.copies.backup_run import Backup, lose_and_restore, take_backup
from media_guarantees.events.media_owner import MediaOwner
from media_guarantees.events.planted_entries import with_owners_taken_over
from media_guarantees.events.seeded_media import SeededMedia, expect_new_upload_works, expect_served_as_before
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.media.diff import diff
from media_guarantees.media.manifest import Manifest

disaster = pytest.mark.guarantee("restore.disaster")
repair = pytest.mark.guarantee("restore.repair")
idempotent = pytest.mark.guarantee("restore.idempotent")

FILE_OPERATIONS = {
    "replace": 'cp -p "$1" "$1.new" && mv "$1.new" "$1"',
    "delete": 'mv "$1" "$1.gone" && rm "$1.gone"',
}


@pytest.fixture(scope="module", name="owner", autouse=True)
def _owner(session_stack: Stack) -> Iterator[MediaOwner]:
    """Who has the media before all this, and has them again afterwards."""
    owner = MediaOwner(session_stack)
    yield owner
    owner.give_back()


@pytest.fixture(scope="module", name="backup_attempt")
def _backup_attempt(session_stack: Stack, seeded_media: SeededMedia, operator: Operator) -> Deferred[Backup]:
    """A backup to restore from."""
    return take_backup(session_stack, seeded_media, operator)


@pytest.fixture(scope="module", name="restored_stack")
def _restored_stack(
    session_stack: Stack, seeded_media: SeededMedia, operator: Operator, backup_attempt: Deferred[Backup]
) -> EventResult:
    """The volume is destroyed, restored and put to use again."""

    def lose(stack: Stack) -> None:
        lose_and_restore(stack, operator, backup_attempt.get())

    return run_event(session_stack, seeded_media, "losing the volume and restoring it", lose)


@disaster
def test_the_media_were_really_lost(restored_stack: EventResult) -> None:
    before, after = restored_stack.before.identity, restored_stack.after.identity

    if not before.volume_created:  # a directory on an engine that others use, which is known by its name alone
        journal.add_evidence(f"{before.volume} was replaced by an empty one")
        return
    assert before.volume_created != after.volume_created, f"{before.volume} was never destroyed: nothing was lost"
    journal.add_evidence(f"{before.volume} of {before.volume_created} destroyed, {after.volume_created} in its place")


@disaster
def test_a_lost_volume_comes_back_as_it_was(restored_stack: EventResult, backup_attempt: Deferred[Backup]) -> None:
    before = with_owners_taken_over(backup_attempt.get().before, restored_stack.after.manifest)
    after, uploads = restored_stack.after.manifest, restored_stack.uploads
    expect_restored(before, after, event=restored_stack.event, uploads=uploads)


@disaster
def test_every_restored_picture_is_served_the_same(restored_stack: EventResult) -> None:
    assert restored_stack.after
    expect_served_as_before(restored_stack.stack, restored_stack.uploads, event=restored_stack.event)


@disaster
def test_a_new_upload_works_after_a_restore(restored_stack: EventResult, seeded_media: SeededMedia) -> None:
    assert restored_stack.after
    expect_new_upload_works(restored_stack.stack, seeded_media, event=restored_stack.event)


@disaster
@pytest.mark.parametrize("operation", FILE_OPERATIONS)
def test_the_services_user_can_work_on_restored_files(restored_stack: EventResult, operation: str) -> None:
    assert restored_stack.after
    stack = restored_stack.stack
    path = f"{stack.media_root}/{restored_stack.uploads[-1].path}"

    done = stack.service_container.work(FILE_OPERATIONS[operation], path, needs=("cp", "mv", "rm"))

    assert done.ok, f"the service's user can't {operation} the restored {path}: {done.complaint}"


@dataclass
class Repair:
    """A live volume: as it was backed up, damaged, and restored once and twice."""

    backup: Backup
    damaged: Manifest
    once: Manifest
    twice: Manifest
    added: bytes
    touched: frozenset[bytes]


DAMAGE = r"""
set -e
rm -- "./$1"
: > "./$2"
printf 'not a picture' > "./$3"
chown 4242:4242 -- "./$4"
chmod 600 -- "./$4"
"""


@pytest.fixture(scope="module", name="repair_run")
def _repair_run(
    session_stack: Stack, seeded_media: SeededMedia, operator: Operator, owner: MediaOwner
) -> Deferred[Repair]:
    """One file each deleted, truncated, overwritten and re-owned, one added; then the guide's restore, twice."""

    def damage_and_repair() -> Repair:
        operator.step("restore")
        owner.give_back()
        backup = take_backup(session_stack, seeded_media, operator).get()
        session_stack.health.recover()
        victims = [upload.path for upload in seeded_media.ensure_uploaded(session_stack)[:4]]
        added = session_stack.platform.upload(seeded_media.fresh(session_stack.platform.kinds))
        session_stack.media.shell(DAMAGE, *victims)
        damaged = session_stack.media.manifest()
        once_restored, twice_restored = [restored(backup) for _ in range(2)]
        touched = frozenset(name.encode() for name in victims)
        return Repair(backup, damaged, once_restored, twice_restored, added.path.encode(), touched)

    def restored(backup: Backup) -> Manifest:
        operator.run_checked("restore", archive=backup.reference)
        return session_stack.media.manifest()

    return Deferred(damage_and_repair)


@repair
def test_what_was_damaged_was_really_damaged(repair_run: Deferred[Repair]) -> None:
    done = repair_run.get()

    changed = {change.path for change in diff(done.backup.before, done.damaged)}

    assert done.touched <= changed, f"these were to be damaged and are as before: {done.touched - changed}"
    journal.add_evidence(f"{len(done.touched)} files deleted, truncated, overwritten, re-owned")


@repair
def test_damaged_files_come_back_exactly(repair_run: Deferred[Repair], seeded_media: SeededMedia) -> None:
    done = repair_run.get()

    # With the picture that was added, a platform may have made more: smaller copies of it, a directory for them.
    later = done.damaged.entries.keys() - done.backup.before.entries.keys()
    kept = done.once.only(lambda path: path not in later)

    before = with_owners_taken_over(done.backup.before, kept)
    expect_restored(before, kept, event="repairing the volume from a backup", uploads=seeded_media.uploads)


@repair
def test_files_added_since_the_backup_survive(repair_run: Deferred[Repair]) -> None:
    done = repair_run.get()

    assert done.added not in done.backup.before.entries, "the picture was meant to be newer than the backup"
    assert done.once.entries.get(done.added) == done.damaged.entries[done.added], (
        f"{done.added!r}, uploaded after the backup, did not survive the restore"
    )


@idempotent
def test_restoring_twice_is_the_same_as_once(repair_run: Deferred[Repair], seeded_media: SeededMedia) -> None:
    done = repair_run.get()

    expect_restored(done.once, done.twice, event="restoring a second time", uploads=seeded_media.uploads)
