"""The guide's backup command during uploads: everything acknowledged before it began is in the archive."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import pytest

from media_guarantees.archive.examine import DamagedArchive, read_archive
from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.deployment.stack import Stack
from media_guarantees.events.copies.change_status import statuses_of_change
from media_guarantees.events.copies.made_copy import Copy, copy_made_by
from media_guarantees.events.upload_history import UploadAttempt, check, count, expect_nothing_lost, hashes_by_path
from media_guarantees.events.upload_load import uploading
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.media.diff import NothingCompared
from media_guarantees.settings import Settings
from media_guarantees.system.commands import Outcome

pytestmark = pytest.mark.guarantee("backup.under_load")

# Bytes that gzip needs about a second for, so that uploads arrive while tar reads, and uploads before the backup.
BALLAST = 32_000_000
UPLOADS_BEFORE = 40
# The clients stop after this time, in seconds, or this many uploads.
SECONDS, UPLOADS = 120.0, 20_000


@dataclass(frozen=True)
class Backup:
    """A copy that was made during uploads. `begun` and `ended`, of the command, are on the clock of `history`."""

    copy: Copy
    outcome: Outcome
    begun: float
    ended: float
    history: Sequence[UploadAttempt]

    @property
    def before(self) -> list[UploadAttempt]:
        """The uploads that were over when the command began."""
        return [attempt for attempt in self.history if attempt.ended < self.begun]

    @property
    def due(self) -> list[UploadAttempt]:
        """All uploads; for one that was acknowledged later, the outcome counts as unknown: it may be in the archive."""
        before = {*self.before}
        return [attempt if attempt in before else replace(attempt, outcome="unknown") for attempt in self.history]

    @property
    def during(self) -> list[UploadAttempt]:
        """The uploads that ended while it ran."""
        return [attempt for attempt in self.history if self.begun <= attempt.ended < self.ended]


@pytest.fixture(scope="module", name="backup_attempt")
def _backup_attempt(session_stack: Stack, operator: Operator, settings: Settings) -> Iterator[Deferred[Backup]]:
    """A backup of a volume with a large file, taken once during uploads; errors are raised in the test."""
    history: list[UploadAttempt] = []
    yield Deferred(lambda: back_up(session_stack, operator, f"{settings.seed}/backup", history))
    # Hundreds of pictures, which every comparison from here on would read.
    uploaded = b"".join(f"{attempt.path}\0".encode() for attempt in history if attempt.path)
    with suppress(PromiseBroken):
        session_stack.health.recover()  # a guide may have stopped the service
        session_stack.media.shell("find . -name ballast.media-verify -delete; xargs -0 rm -f --", stdin=uploaded)


def back_up(stack: Stack, operator: Operator, seed: str, history: list[UploadAttempt]) -> Backup:
    """Run the guide's backup command during uploads, which are recorded in `history`."""
    stack.health.recover()
    known = stack.media.manifest()  # before the uploads: a tree that changes can't be read
    with uploading(stack.new_client, history=history, seed=seed, seconds=SECONDS, limit=UPLOADS) as load:
        first, *_ = load.wait_for_uploads(UPLOADS_BEFORE, since=0.0)
        plant_ballast(stack, posixpath.dirname(first.path))
        begun = time.monotonic()
        outcomes: list[Outcome] = []
        with journal.step("event: the guide's backup, during uploads"):
            copy = copy_made_by(operator, lambda: outcomes.append(operator.run("backup")), known)
        ended = time.monotonic()
    return Backup(copy, outcomes[0], begun, ended, history)


def plant_ballast(stack: Stack, folder: str) -> None:
    """Put a large file, which takes time to archive, among the pictures."""
    stack.media.shell('head -c "$1" /dev/urandom > "./$2/ballast.media-verify"', str(BALLAST), folder)


def test_people_uploaded_while_it_was_made(backup_attempt: Deferred[Backup], operator: Operator) -> None:
    backup = backup_attempt.get()
    before, during = (count(uploads)["acknowledged"] for uploads in (backup.before, backup.during))

    if before and not during and operator.step("backup").stops_services:
        journal.add_evidence(f"{before} uploads were accepted before the backup, for which the guide stops services")
        return
    if not (before and during):
        raise NothingCompared(f"{before} uploads were accepted before the backup, {during} while it was made")
    seconds = backup.ended - backup.begun
    journal.add_evidence(
        f"{before} uploads were accepted before the backup, {during} in the {seconds:.1f} s that it took"
    )


def test_it_complains_of_nothing_but_what_came_while_it_read(
    backup_attempt: Deferred[Backup], operator: Operator
) -> None:
    outcome = backup_attempt.get().outcome

    usual = statuses_of_change(operator.step("backup"))
    assert outcome.status in usual, f"during uploads, the backup command failed: {outcome}"
    journal.add_evidence(
        f"during uploads, the backup command ended with status {outcome.status}: {outcome.complaint[-120:]}"
    )


def test_what_was_acknowledged_before_it_began_is_whole_in_the_archive(backup_attempt: Deferred[Backup]) -> None:
    backup = backup_attempt.get()
    paths = [attempt.path.encode() for attempt in backup.before if attempt.path]

    if backup.copy.place is None or backup.copy.kind == "other":
        raise Unproven("the guide's backup can't be read here: what is in it, only a restore shows")
    try:
        archived = hashes_by_path(read_archive(backup.copy.place, holding=paths))
    except DamagedArchive as damage:
        raise PromiseBroken(f"{backup.copy.place.name} can't be read: {damage}") from damage
    expect_nothing_lost(check(backup.due, stored=archived), backup.due, event="a backup during uploads")
    journal.add_evidence(f"{count(backup.before)['acknowledged']} uploads from before the backup are whole in it")
