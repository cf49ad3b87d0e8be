"""A backup in parts is read as one, whichever part is named; files that are backups of their own are not."""

import io
from pathlib import Path

import pytest

from media_guarantees.archive.backup_file import open_backup, parts_of
from media_guarantees.archive.damaged_copy import compress
from media_guarantees.archive.examine import DamagedArchive, read_archive


def written(folder: Path, *names: str, content: bytes = b"part") -> list[Path]:
    for name in names:
        (folder / name).write_bytes(content)
    return [folder / name for name in names]


@pytest.mark.parametrize(
    "names",
    [
        ["b.tar.gz.aa", "b.tar.gz.ab", "b.tar.gz.ac"],
        ["b.tar.gzaa", "b.tar.gzab"],
        ["b.tar.gz.partaa", "b.tar.gz.partab"],
        ["b.tar.gz.part-00", "b.tar.gz.part-01"],
        ["b.tgz.001", "b.tgz.002", "b.tgz.003"],
        ["b.tar.zst.000", "b.tar.zst.001"],
        ["b.tar.aaa", "b.tar.aab"],
    ],
    ids=lambda names: names[0],
)
def test_the_parts_of_a_backup_are_found_from_any_of_them(tmp_path: Path, names: list[str]) -> None:
    parts = written(tmp_path, *names)

    assert [list(parts_of(part)) for part in parts] == [parts] * len(parts)


@pytest.mark.parametrize(
    ("before", "after"),
    [("az", "ba"), ("az", "baa"), ("yz", "za"), ("yz", "zaaa"), ("09", "10"), ("89", "9000"), ("89", "90")],
)
def test_endings_are_counted_as_split_counts(tmp_path: Path, before: str, after: str) -> None:
    first, digits = ("00", "0123456789") if before.isdigit() else ("aa", "abcdefghijklmnopqrstuvwxyz")
    endings = [one + two for one in digits for two in digits]
    parts = written(tmp_path, *(f"b.tar.{ending}" for ending in endings[: endings.index(before) + 1]))
    more = written(tmp_path, f"b.tar.{after}")

    found = parts_of(tmp_path / f"b.tar.{first}")

    assert found == (parts if after == "baa" else parts + more)


@pytest.mark.parametrize(
    "names",
    [
        ["b.tar.gz"],
        ["b.tar.gz.1", "b.tar.gz.2"],
        ["backup_2024_01", "backup_2024_02"],
        ["b.tar.gz.ab", "b.tar.gz.ac"],
        ["b.tar.gz.aa", "b.tar.gz.ac"],
    ],
    ids=lambda names: names[0],
)
def test_what_is_no_sequence_of_parts_is_a_file_of_its_own(tmp_path: Path, names: list[str]) -> None:
    parts = written(tmp_path, *names)

    assert [list(parts_of(part)) for part in parts] == [[part] for part in parts]


def test_backups_that_are_numbered_are_no_parts_of_one(tmp_path: Path) -> None:
    backups = written(tmp_path, "b.tar.gz.01", "b.tar.gz.02", content=compress(b"content"))

    assert [list(parts_of(backup)) for backup in backups] == [[backup] for backup in backups]


def test_parts_are_read_one_after_the_other(tmp_path: Path) -> None:
    written(tmp_path, "b.tar.aa", content=b"one")
    written(tmp_path, "b.tar.ab", content=b"")
    written(tmp_path, "b.tar.ac", content=b"three")

    file, size = open_backup(tmp_path / "b.tar.aa")

    assert size == 8
    assert (file.read(2), file.position) == (b"on", 2)
    assert io.BufferedReader(file).read() == b"ethree"
    assert file.position == 8


def test_a_backup_without_its_last_part_is_truncated(tmp_path: Path) -> None:
    content = compress(bytes(range(256)) * 40)
    for number, start in enumerate((0, 100)):
        written(tmp_path, f"b.tar.gz.0{number}", content=content[start : start + 100])

    with pytest.raises(DamagedArchive, match=r"^truncated|^not tar"):
        read_archive(tmp_path / "b.tar.gz.00")


def test_a_part_that_can_not_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        open_backup(tmp_path / "absent.tar")
