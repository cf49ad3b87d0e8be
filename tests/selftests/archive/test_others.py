"""Archives that other programs wrote are accepted and read right; with any single damage they are refused.

How they were made is in others/README.md.
"""

from __future__ import annotations

import random
from io import BytesIO
from pathlib import Path

import pytest

from media_guarantees.archive.backup_file import open_backup
from media_guarantees.archive.damaged_copy import DAMAGES, HOSTILE_MEMBERS, corrupt
from media_guarantees.archive.examine import check, examine, read_archive
from media_guarantees.media.manifest import Manifest

FOLDER = Path(__file__).with_name("others")
ARCHIVES = sorted(FOLDER.glob("*.tar*"))
PLAIN = (
    "beside", "busybox.tar.bz2", "bsdtar-ustar", "bsdtar-v7", "gnu-incremental", "gnu-split", "gnu-ustar", "gnu-v7",
    "gzip-1", "gzip-9", "not-compressed", "perl", "python-ustar",
)  # fmt: skip
LOST = {
    "bsdtar-gnutar.tar.gz": {("mtime", b"avatars/before 1970.jpg"), ("mtime", b"avatars/after 2242.jpg")},
    "busybox.tar.gz": {("mtime", b"avatars/before 1970.jpg")},
    "go-absolute.tar.gz": {("links", b"avatars/a.jpg"), ("links", b"event_banners/same.jpg")},
    "go.tar.zst": {("links", b"avatars/a.jpg"), ("links", b"event_banners/same.jpg")},
    "perl.tar.gz": {("mode", b"profile_pictures")},
}
"""What a program can't write into its archives, or doesn't: a restore doesn't bring it back."""
NOTES = {
    "beside.tar.gz": "the media are below 'backup/media' in it, beside 1 other entries",
    "bsdtar.tar.zst": "no checksum protects its content: only a comparison shows whether that changed",
    "gnu-split.tar.aa": "no checksum protects its content: only a comparison shows whether that changed",
    "gnu-split.tar.ab": "no checksum protects its content: only a comparison shows whether that changed",
    "gnu-split.tar.ac": "no checksum protects its content: only a comparison shows whether that changed",
    "go-absolute.tar.gz": "its names begin with a slash, which tar leaves out at a restore unless it is called with -P",
    "go.tar.zst": "its times are rounded to the nearest second",
    "named-folders.tar.gz": "it has no entry for the volume's own directory, whose owner and mode a restore leaves",
    "not-compressed.tar": "no checksum protects its content: only a comparison shows whether that changed",
    "prefix.tar.gz": "the media are below 'data/media' in it",
    "zstd-no-check.tar.zst": "no checksum protects its content: only a comparison shows whether that changed",
}

every_archive = pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.name)


def original(archive: Path) -> Manifest:
    tree = "plain" if archive.name.startswith(PLAIN) else "rich"
    return Manifest.from_json((FOLDER / f"{tree}.json").read_text("utf-8"))


def content_of(archive: Path) -> bytes:
    """Return the bytes of an archive, or of all its parts."""
    file, _ = open_backup(archive)
    return file.readall()


def known(archive: Path) -> set[tuple[str, bytes]]:
    return LOST.get(archive.name, set())


@every_archive
def test_it_is_accepted_and_holds_what_its_program_could_write(archive: Path) -> None:
    found = examine(archive, against=original(archive))

    assert [str(problem) for problem in found.problems] == []
    assert {(change.aspect, change.path) for change in found.differences} == known(archive)


@every_archive
def test_it_is_accepted_where_nothing_is_compared(archive: Path) -> None:
    assert check(archive) == ()


@every_archive
def test_what_is_noteworthy_of_it_is_noted(archive: Path) -> None:
    notes = examine(archive, against=original(archive)).notes

    assert any(note.startswith(NOTES[archive.name]) for note in notes) if archive.name in NOTES else notes == ()


@every_archive
def test_a_manifest_is_made_of_the_media_in_it(archive: Path) -> None:
    media = original(archive)
    paths = read_archive(archive, holding=media.entries.keys()).entries.keys()

    assert media.entries.keys() - paths <= {b"."}
    assert paths <= media.entries.keys()


UNSEEN = {
    ("beside.tar.gz", "without one of its members"): "it may be one that is no medium",
    ("named-folders.tar.gz", "without one of its members"): "it never had an entry for the volume's own directory",
    ("gnu-incremental.tar.gz", "without one of its members"): "the first is only a label",
    ("perl.tar.gz", "without one of its members"): "its names don't begin with \"./\", as those of named folders don't",
    ("go-absolute.tar.gz", "an absolute name"): "all of its names are absolute",
}
"""Damages that look like what a program writes."""


@every_archive
def test_with_one_damage_it_is_refused(archive: Path) -> None:
    rng = random.Random(archive.name)  # noqa: S311 - to be repeated
    media, content = original(archive), content_of(archive)
    kinds = [kind for kind in (*DAMAGES, *HOSTILE_MEMBERS) if (archive.name, kind) not in UNSEEN]

    for case in (corrupt(content, kind, rng) for kind in kinds):
        problems = check(BytesIO(case.content), against=media)
        assert {(problem.kind, problem.member) for problem in problems} - known(archive), f"let through: {case}"
