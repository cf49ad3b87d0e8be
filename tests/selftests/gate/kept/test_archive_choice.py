"""Backups are told from other files by the name that the guide gives them, and the newest by the day in that name."""

from datetime import date, timedelta, timezone

import pytest

from media_guarantees.core.errors import BadInput
from media_guarantees.gate.kept.archive_choice import Choice, KeptArchive, choose, day_bounds, day_in, names_like
from media_guarantees.gate.kept.archive_request import ArchiveRequest

DAY = 86400.0
NOW = 1_800_000_000.0
OURS = names_like("/backup/media_backup_$(date +%Y%m%d).tar.gz")
REQUEST = ArchiveRequest("backups")


def kept(*names: str) -> list[KeptArchive]:
    """Return files of a folder, each written a day after the one before."""
    return [KeptArchive(name, 100, NOW - (len(names) - n) * DAY) for n, name in enumerate(names)]


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("media_backup_20260131.tar.gz", date(2026, 1, 31)),
        ("fotos-2026-01-31.tgz", date(2026, 1, 31)),
        ("bilder_31.01.2026.tar.gz", date(2026, 1, 31)),
        ("images_31-01-2026.tar", date(2026, 1, 31)),
        ("midia_20260131_030000.tar.gz", date(2026, 1, 31)),
        ("midia_20260131030000.tar.gz", date(2026, 1, 31)),
        ("v20261399-20260131.tar.gz", date(2026, 1, 31)),
        ("media.tar.gz", None),
        ("media_20261399.tar.gz", None),
        ("build-1234567.tar.gz", None),
    ],
)
def test_the_day_is_found_in_a_name(name: str, day: date | None) -> None:
    assert day_in(name) == day


def test_a_day_begins_where_the_archive_is_made() -> None:
    begins, ends = day_bounds(date(2026, 1, 31), timezone(timedelta(hours=-3)))

    assert (begins, ends - begins) == (1769828400.0, DAY)


@pytest.mark.parametrize(
    ("printed", "name", "is_backup"),
    [
        ("/backup/media_backup_$(date +%Y%m%d).tar.gz", "media_backup_20260131.tar.gz", True),
        ("/backup/media_backup_$(date +%Y%m%d).tar.gz", "db_backup_20260131.tar.gz", False),
        ("/backup/media_backup_$(date +%Y%m%d).tar.gz", "media_backup_20260131.tar.gz.sha256", False),
        ("media_`date +%F`.tgz", "media_2026-01-31.tgz", True),
        ("$(pwd)/backups/${NAME}-$DAY.tar", "x-1.tar", True),
        ("backups/$(date +%Y/%m)/media.tar.gz", "media.tar.gz", True),
        ("/backup/media_[DATE].tar.gz", "media_today.tar.gz", True),
        ("media_20250131.tar.zst", "media_20260131.tar.zst", True),
        ("media_YYYYMMDD.tar.gz", "media_20260131.tar.gz", True),
        ("media.tar.gz", "media-20260131.tar.gz", True),
        ("media.tar.gz", "db.tar.gz", False),
        ("backups/media", "anything.tar.gz", True),
        (None, "anything.tar.gz", True),
    ],
)
def test_what_the_guide_prints_says_which_files_are_backups(printed: str | None, name: str, is_backup: bool) -> None:
    assert bool(names_like(printed).fullmatch(name)) is is_backup


def chosen(files: list[KeptArchive], request: ArchiveRequest = REQUEST, *, named: str = "", seed: int = 1) -> Choice:
    return choose(files, request, OURS, now=NOW, seed=seed, named=named)


def test_the_newest_is_that_of_the_latest_day_in_its_name_however_the_folder_was_copied() -> None:
    files = kept("media_backup_20260131.tar.gz", "media_backup_20260129.tar.gz", "media_backup_20260130.tar.gz")

    choice = chosen(files)

    assert choice.drawn == choice.newest == files[0]
    assert [each.name[-9:-7] for each in choice.kept] == ["29", "30", "31"]


def test_what_is_no_backup_is_not_counted() -> None:
    files = kept("media_backup_20260131.tar.gz", "db_backup_20260201.tar.gz", "notes.txt")

    assert chosen(files).kept == (files[0],)


def test_any_archive_of_the_window_is_drawn_and_the_seed_repeats_it() -> None:
    files = kept(*(f"media_backup_202601{n:02}.tar.gz" for n in range(1, 32)))
    request = ArchiveRequest("backups", pick="random", window=5 * DAY)

    drawn = [chosen(files, request, seed=seed).drawn for seed in range(50)]

    assert {*drawn} == {*files[-5:]}
    assert drawn == [chosen(files, request, seed=seed).drawn for seed in range(50)]
    assert chosen(files, request).newest == files[-1]


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ([], "there is no backup in backups\n"),
        (["notes.txt"], "there is no backup in backups\n"),
        (["db.tar.gz"], "there is no backup in backups: 1 archives have other names, such as 'db.tar.gz'"),
    ],
)
def test_a_folder_without_a_backup_is_refused_with_what_one_is_called(names: list[str], problem: str) -> None:
    with pytest.raises(BadInput) as refused:
        chosen(kept(*names))

    assert problem in str(refused.value)
    assert "a folder that holds files like media_backup_….tar.gz" in str(refused.value)


def test_a_hostile_name_is_no_command_to_the_terminal() -> None:
    with pytest.raises(BadInput, match=r"such as '\\x1b\[31mdb.tar.gz'"):
        chosen(kept("\x1b[31mdb.tar.gz"))


def test_a_window_without_a_backup_is_refused() -> None:
    request = ArchiveRequest("backups", pick="random", window=DAY / 2)

    with pytest.raises(BadInput, match=r"of the last 0.5 days: 'media_backup_20260131.tar.gz' is older"):
        chosen(kept("media_backup_20260131.tar.gz"), request)


def test_an_archive_that_is_named_is_the_one_that_is_tried_and_judged() -> None:
    files = kept("media_backup_20260130.tar.gz", "media_backup_20260131.tar.gz")

    choice = chosen(files, named=files[0].name)

    assert (choice.drawn, choice.newest, choice.kept) == (files[0], files[0], tuple(files))


def test_an_archive_of_any_name_can_be_named() -> None:
    files = kept("before-the-upgrade.tar.gz", "media_backup_20260131.tar.gz")

    assert chosen(files, named=files[0].name).kept == (files[0],)


def test_an_archive_that_is_not_there_is_refused_with_one_that_is() -> None:
    with pytest.raises(BadInput, match=r"no archive 'gone.tar.gz'; the newest one there is 'media_backup_20260131"):
        chosen(kept("media_backup_20260131.tar.gz"), named="gone.tar.gz")
