"""An archive that is already there (ARCHIVE): how old it is, what it holds, and whether the guide restores it."""

from __future__ import annotations

import pytest

from media_guarantees.archive.examine import Examined
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.gate.kept.archive_comparison import ArchiveComparison
from media_guarantees.gate.kept.archive_findings import (
    expect_complete,
    expect_enough,
    expect_little_since,
    expect_own_day,
    expect_whole,
    expect_young,
)
from media_guarantees.gate.kept.archive_request import ArchiveRequest
from media_guarantees.gate.restore_drill.archive_drill import Picked, restored_otherwise
from media_guarantees.media.diff import describe
from media_guarantees.media.manifest import Manifest

Compared = Deferred[ArchiveComparison | None]


@pytest.mark.guarantee("backup.fresh")
def test_the_newest_archive_is_young_enough(picked_archive: Picked, archive_request: ArchiveRequest) -> None:
    expect_young(picked_archive.choice, archive_request, picked_archive.clock)


@pytest.mark.guarantee("backup.retained")
def test_enough_archives_are_kept(picked_archive: Picked, archive_request: ArchiveRequest) -> None:
    expect_enough(picked_archive.choice, archive_request)


@pytest.mark.guarantee("backup.complete")
def test_the_archive_is_whole_and_safe_to_restore(picked_archive: Picked, examined_archive: Deferred[Examined]) -> None:
    expect_whole(picked_archive.choice.drawn, examined_archive.get())


@pytest.mark.guarantee("backup.complete")
def test_the_archive_holds_what_the_volume_held(picked_archive: Picked, compared_archive: Compared) -> None:
    comparison = compared_archive.get()
    if comparison is None:
        raise Unproven("the archive is damaged: it was not compared")

    expect_complete(picked_archive.choice.drawn, comparison)


@pytest.mark.guarantee("backup.fresh")
def test_the_archive_is_of_the_day_in_its_name(picked_archive: Picked, compared_archive: Compared) -> None:
    expect_own_day(picked_archive.choice.drawn, compared_archive.get(), picked_archive.clock)


@pytest.mark.guarantee("backup.fresh")
def test_no_more_came_since_than_may_be_lost(
    picked_archive: Picked, compared_archive: Compared, archive_request: ArchiveRequest
) -> None:
    expect_little_since(picked_archive.choice, compared_archive.get(), archive_request, picked_archive.clock)


@pytest.mark.guarantee("restore.disaster")
def test_the_guides_restore_brings_back_what_the_archive_holds(
    examined_archive: Deferred[Examined], restored_archive: Deferred[Manifest]
) -> None:
    if changes := restored_otherwise(examined_archive.get(), restored_archive.get()):
        raise PromiseBroken(
            describe(changes, event="restoring it into an empty volume"),
            next_step="look at every difference, in the folder differences/ of this run's report",
            detail=describe(changes, event="restoring it into an empty volume", limit=None),
        )
