"""What `tar -czf` compressed is decompressed to its last byte, by whichever library is there; nothing else is."""

import random
import re
import runpy
import sys
import zlib
from io import BytesIO

import pytest

from media_guarantees.archive import strict_gzip
from media_guarantees.archive.damaged_copy import packed
from media_guarantees.archive.strict_gzip import decompressed
from media_guarantees.archive.tar_header import DamagedArchive

NOISE = random.Random(20260101).randbytes(1_000_000)  # noqa: S311 - nothing here is secret
ARCHIVE = packed(NOISE)
GZIP, BODY = ARCHIVE[:10], ARCHIVE[10:]


@pytest.fixture(name="library", params=["zlib", "isal.isal_zlib"], autouse=True)
def _library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decompress with zlib, which is always there, and with ISA-L where it is installed."""
    monkeypatch.setattr(strict_gzip, "fastest", pytest.importorskip(request.param))


class Watched(BytesIO):
    """A file that tells how much was read of it at a time at most."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on, and note it."""
        content = super().read(size)
        self.most = max(self.most, len(content))
        return content


def unpacked(archive: bytes) -> bytes:
    return b"".join(decompressed(BytesIO(archive)))


def refusal(archive: bytes) -> str:
    with pytest.raises(DamagedArchive) as caught:
        unpacked(archive)
    return str(caught.value)


def flipped(archive: bytes, place: int) -> bytes:
    """Flip the lowest bit of one byte."""
    damaged = bytearray(archive)
    damaged[place] ^= 1
    return bytes(damaged)


@pytest.mark.parametrize("content", [b"", b"a", bytes(3_000_000), NOISE], ids=["nothing", "a byte", "zeros", "noise"])
def test_all_that_was_compressed_comes_out_again(content: bytes) -> None:
    assert unpacked(packed(content)) == content


def test_neither_the_file_nor_its_content_is_held_as_a_whole() -> None:
    noise = Watched(ARCHIVE)
    assert sum(map(len, decompressed(noise))) == len(NOISE)
    assert noise.most <= 1 << 16

    zeros = [len(piece) for piece in decompressed(BytesIO(packed(bytes(3_000_000))))]
    assert sum(zeros) == 3_000_000
    assert max(zeros) <= 1 << 18


def test_what_comes_before_the_damage_is_handed_out() -> None:
    pieces: list[bytes] = []
    with pytest.raises(DamagedArchive, match="truncated"):
        pieces.extend(decompressed(BytesIO(ARCHIVE[:-1000])))

    assert len(b"".join(pieces)) > len(NOISE) // 2
    assert NOISE.startswith(b"".join(pieces))


def test_a_file_that_cannot_be_read_is_no_damaged_one() -> None:
    class Broken(BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        list(decompressed(Broken()))


@pytest.mark.parametrize(
    ("archive", "problem"),
    [
        (b"", "empty file: the file holds 0 bytes"),
        (b"\x1f", "truncated: the file ends after 1 bytes"),
        (GZIP[:9], "truncated: the file ends after 9 bytes"),
        (GZIP, "truncated: the file ends before its compressed content does"),
        (ARCHIVE[:500_000], "truncated: the file ends before its compressed content does"),
        (ARCHIVE[:-1], "truncated: the file ends before its compressed content does"),
        (b"\x1f\x8c" + b"\0" * 8, r"not gzip: the file begins with '\x1f\x8c" + r"\x00" * 8 + "', not as gzip does"),
        (b"Plain text, not gzip", "not gzip: the file begins with 'Plain text, not ', not as gzip does"),
        (b"P", "not gzip: the file begins with 'P', not as gzip does"),
    ],
)
def test_what_is_no_whole_gzip_file_is_called_what_it_is(archive: bytes, problem: str) -> None:
    assert refusal(archive) == problem


@pytest.mark.parametrize(
    "archive",
    [GZIP + b"\xff" * 20, flipped(ARCHIVE, 500_000), flipped(ARCHIVE, -8), flipped(ARCHIVE, -4)],
    ids=["no deflate", "content", "checksum", "length"],
)
def test_compressed_bytes_that_were_changed_are_told_with_the_librarys_reason(archive: bytes) -> None:
    assert re.fullmatch(r"corrupt: its compressed bytes were changed: Error -\d .+", refusal(archive))


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (b"\0", "something else"),
        (b"\x1f", "something else"),
        (bytes(300_000), "something else"),
        (packed(b""), "another compressed stream"),
    ],
    ids=["a zero", "half a signature", "zeros", "another"],
)
@pytest.mark.parametrize("at_once", [1 << 16, len(ARCHIVE)], ids=["amid a piece", "with a piece"])
def test_whatever_follows_the_compressed_content_is_told(more: bytes, what: str, at_once: int) -> None:
    class Hasty(BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            return super().read(at_once)

    with pytest.raises(DamagedArchive) as caught:
        list(decompressed(Hasty(ARCHIVE + more)))

    assert str(caught.value) == (f"trailing data: {what} follows the compressed content, which `tar -czf` never writes")


@pytest.mark.parametrize("stamp", [0, 1356998400, (1 << 31) - 1])
def test_gzips_time_is_none_or_one_since_docker_came_to_be(stamp: int) -> None:
    assert unpacked(GZIP[:4] + stamp.to_bytes(4, "little") + GZIP[8:] + BODY) == NOISE


@pytest.mark.parametrize(
    "header",
    [
        GZIP[:4] + (1).to_bytes(4, "little") + GZIP[8:],
        GZIP[:4] + (1356998399).to_bytes(4, "little") + GZIP[8:],
        GZIP[:4] + (1 << 31).to_bytes(4, "little") + GZIP[8:],
        GZIP[:2] + b"\x07" + GZIP[3:],
        GZIP[:3] + b"\x01" + GZIP[4:],
        GZIP[:8] + b"\x02\x03",
        GZIP[:9] + b"\x00",
    ],
    ids=["1970", "before 2013", "after 2038", "another method", "flags", "another level", "another system"],
)
def test_a_gzip_header_that_tar_does_not_write_is_shown(header: bytes) -> None:
    assert refusal(header + BODY) == f"gzip header: {header.hex(' ')} isn't what `tar -czf` begins a file with"


def test_without_isal_it_is_zlib_that_decompresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isal", None)

    assert runpy.run_path(str(strict_gzip.__file__))["fastest"] is zlib


def test_where_isal_is_installed_it_decompresses() -> None:
    isal_zlib = pytest.importorskip("isal.isal_zlib")

    assert runpy.run_path(str(strict_gzip.__file__))["fastest"] is isal_zlib
