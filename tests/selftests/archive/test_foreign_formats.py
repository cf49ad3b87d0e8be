"""An archive in a foreign format is named as such, and called neither sound nor damaged."""

from io import BytesIO
from pathlib import Path

import pytest

from media_guarantees.archive.examine import DamagedArchive, UnsupportedArchive, check, examine
from media_guarantees.archive.foreign_formats import require_plain_folder, require_supported
from media_guarantees.core.errors import Unproven


@pytest.mark.parametrize(
    ("start", "reason", "hint"),
    [
        (b"PK\x03\x04", "a zip file", "check a tar archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip file", "check a tar archive"),
        (b"Rar!\x1a\x07\x01\0", "a RAR file", "check a tar archive"),
        (b"070701", "a cpio archive", "check a tar archive"),
        (b"\xc7\x71", "a cpio archive", "check a tar archive"),
        (b"\x04\x22\x4d\x18", "compressed with lz4", "lz4 -d"),
        (b"\x1f\x9d\x90", "compressed with compress", "gzip -d"),
        (b"\x5d\0\0\x80\0", "compressed with lzma", "xz -d"),
        (b"LZIP\1", "compressed with lzip", "lzip -d"),
        (b"LRZI", "compressed with lrzip", "lrzip -d"),
        (b"\x89LZO\0\r\n", "compressed with lzop", "lzop -d"),
        (b"\xff\x06\0\0sNaPpY", "compressed with snappy", "decompress it"),
        (b"Salted__12345678", "encrypted with OpenSSL", "decrypt it"),
        (b"age-encryption.org/v1\n", "encrypted with age", "decrypt it"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----", "encrypted with age", "decrypt it"),
        (b"-----BEGIN PGP MESSAGE-----", "encrypted with OpenPGP", "decrypt it"),
        (b"\x8c\x0d\x04\x09\x03\x02", "encrypted with OpenPGP", "decrypt it"),
        (b"\x85\x01\x0c\x03", "encrypted with OpenPGP", "decrypt it"),
        (b"\x85\x01\n\x03", "encrypted with OpenPGP", "decrypt it"),
        (b"\x84\x5e\x03", "encrypted with OpenPGP", "decrypt it"),
        (b"\xc1\xc0\x4c\x03", "encrypted with OpenPGP", "decrypt it"),
    ],
)
def test_a_known_format_is_named_with_what_to_do(start: bytes, reason: str, hint: str) -> None:
    with pytest.raises(UnsupportedArchive) as caught:
        check(BytesIO(start.ljust(600, b"x")))

    assert caught.value.reason == f"it is {reason}"
    assert hint in caught.value.hint
    assert str(caught.value) == f"it can't be judged: it is {reason}\n  hint: {caught.value.hint}"


@pytest.mark.parametrize("start", [b"", b"<html>", b"502 Bad Gateway", bytes(600), b"\x1f\x8b", b"BZh9"])
def test_anything_else_is_left_to_be_called_damaged(start: bytes) -> None:
    require_supported(start)

    assert check(BytesIO(start))[0].kind in {"empty file", "no archive", "truncated"}


def test_what_can_not_be_judged_is_unproven_and_no_damage() -> None:
    assert issubclass(UnsupportedArchive, Unproven)
    assert not issubclass(UnsupportedArchive, DamagedArchive)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["config", "data", "index", "keys", "locks", "snapshots"], "restic"),
        (["README", "config", "data", "hints.5", "index.5"], "Borg"),
        (["kopia.repository.f", "p"], "Kopia"),
        (["config", "chunks", "snapshots"], "Duplicacy"),
        (["rdiff-backup-data", "avatars"], "rdiff-backup"),
        (["duplicity-full.20260101T000000Z.vol1.difftar.gz"], "duplicity"),
    ],
)
def test_a_repository_is_named_with_the_command_that_checks_it(tmp_path: Path, names: list[str], reason: str) -> None:
    for name in names:
        (tmp_path / name).mkdir()

    with pytest.raises(UnsupportedArchive, match=f"it is a repository of {reason}\n  hint: .+; restore it") as caught:
        examine(tmp_path)

    assert reason.lower() in caught.value.hint


def test_a_folder_of_media_is_none(tmp_path: Path) -> None:
    for name in ("avatars", "config", "data"):
        (tmp_path / name).mkdir()

    require_plain_folder(tmp_path)
