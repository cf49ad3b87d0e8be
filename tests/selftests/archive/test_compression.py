"""Content that any program compressed is decompressed exactly; content that was changed since is called damaged."""

import bz2
import gzip
import hashlib
import lzma
import re
import runpy
import sys
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from refusals import error_of

from media_guarantees.archive import compression
from media_guarantees.archive.compression import COMPRESSIONS, import_compression, open_content
from media_guarantees.archive.damaged_copy import compress
from media_guarantees.archive.problem import DamagedArchive, UnsupportedArchive

NOISE = hashlib.shake_128(b"seed").digest(300_000)
ARCHIVE = compress(NOISE)
GZIP, BODY = ARCHIVE[:10], ARCHIVE[10:]
every_compression = pytest.mark.parametrize("name", COMPRESSIONS)


@pytest.fixture(name="library", params=["zlib", "isal.isal_zlib"])
def _library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decompress gzip with zlib, which is always there, and with ISA-L where it is installed."""
    monkeypatch.setattr(compression, "fastest", pytest.importorskip(request.param))


either_library = pytest.mark.usefixtures("library")


class Watched(BytesIO):
    """A file that records the size of its largest read."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on, and note it."""
        content = super().read(size)
        self.most = max(self.most, len(content))
        return content


def pieces_of(archive: bytes) -> Iterator[bytes]:
    return open_content(BytesIO(archive)).pieces


def decompress(archive: bytes) -> bytes:
    return b"".join(pieces_of(archive))


def refusal(archive: bytes) -> str:
    return str(error_of(DamagedArchive, lambda: decompress(archive)))


def judgement(archive: bytes) -> tuple[str, str]:
    """Return why an archive can't be judged, and what a person can do."""
    with pytest.raises(UnsupportedArchive) as caught:
        decompress(archive)
    return caught.value.reason, caught.value.hint


def flipped(archive: bytes, place: int) -> bytes:
    """Flip the lowest bit of one byte."""
    damaged = bytearray(archive)
    damaged[place] ^= 1
    return bytes(damaged)


@every_compression
@pytest.mark.parametrize("content", [b"", b"a", bytes(1_000_000), NOISE], ids=["nothing", "a byte", "zeros", "noise"])
def test_all_that_was_compressed_comes_out_again(name: str, content: bytes) -> None:
    opened = open_content(BytesIO(compress(content, name)))

    assert opened.compression == name
    assert b"".join(opened.pieces) == content


@either_library
@pytest.mark.parametrize("content", [b"", b"a", bytes(1_000_000), NOISE], ids=["nothing", "a byte", "zeros", "noise"])
def test_either_library_decompresses_gzip(content: bytes) -> None:
    assert decompress(compress(content)) == content


@every_compression
def test_streams_in_a_row_are_one_content(name: str) -> None:
    parts = [NOISE[:1000], b"", NOISE[1000:200_000], bytes(1_000_000)]

    assert decompress(b"".join(compress(part, name) for part in parts)) == b"".join(parts)


@every_compression
@pytest.mark.parametrize("left", [1, 2, 5])
def test_a_second_stream_is_recognised_where_a_read_ends_within_its_signature(name: str, left: int) -> None:
    first, second = compress(NOISE[:1000], name), compress(b"second", name)

    class Hasty(BytesIO):
        sizes = iter((len(first) + left,))

        def read(self, _size: int | None = -1, /) -> bytes:
            return super().read(next(self.sizes, -1))

    assert b"".join(open_content(Hasty(first + second)).pieces) == NOISE[:1000] + b"second"


@every_compression
def test_neither_the_file_nor_its_content_is_held_as_a_whole(name: str) -> None:
    noise = Watched(compress(NOISE, name))
    assert sum(map(len, open_content(noise).pieces)) == len(NOISE)
    assert noise.most <= 1 << 16

    zeros = [len(piece) for piece in pieces_of(compress(bytes(1_000_000), name))]
    assert sum(zeros) == 1_000_000
    assert max(zeros) <= 1 << 18


def test_what_is_not_compressed_is_read_in_pieces_too() -> None:
    archive = bytes(257) + b"ustar" + NOISE
    file = Watched(archive)
    opened = open_content(file)

    assert (opened.compression, opened.verified) == ("", False)
    assert b"".join(opened.pieces) == archive
    assert file.most <= 1 << 18


@every_compression
def test_what_comes_before_the_damage_is_returned(name: str) -> None:
    archive = compress(NOISE, name)
    found: list[bytes] = []
    with pytest.raises(DamagedArchive, match="truncated"):
        found.extend(pieces_of(archive[:-1000]))

    assert len(b"".join(found)) > len(NOISE) // 2
    assert NOISE.startswith(b"".join(found))


def test_a_file_that_cannot_be_read_is_no_damaged_one() -> None:
    class Broken(BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        open_content(Broken())


@either_library
@pytest.mark.parametrize(
    ("archive", "problem"),
    [
        (b"", "empty file: the file holds 0 bytes"),
        (b"\x1f", "truncated: the file ends after 1 bytes"),
        (b"\xfd7zXZ", "truncated: the file ends after 5 bytes"),
        (b"\x1f\x8b", "truncated: the file ends before its compressed content does"),
        (GZIP[:9], "truncated: the file ends before its compressed content does"),
        (GZIP, "truncated: the file ends before its compressed content does"),
        (ARCHIVE[:150_000], "truncated: the file ends before its compressed content does"),
        (ARCHIVE[:-1], "truncated: the file ends before its compressed content does"),
        (b"\x1f\x8c" + b"\0" * 8, r"no archive: the file begins with '\x1f\x8c" + r"\x00" * 8 + "', as no archive"),
        (b"Plain text, no archive", "no archive: the file begins with 'Plain text, no a', as no archive"),
        (b"a", "no archive: the file begins with 'a', as no archive known here does"),
        (bytes(10240), "no archive: the file begins with '" + r"\x00" * 16 + "', as no archive known here does"),
    ],
)
def test_what_is_no_whole_archive_is_called_what_it_is(archive: bytes, problem: str) -> None:
    assert refusal(archive).startswith(problem)


@either_library
@pytest.mark.parametrize(
    "archive",
    [GZIP + b"\xff" * 20, flipped(ARCHIVE, 150_000), flipped(ARCHIVE, -8), flipped(ARCHIVE, -4)],
    ids=["no deflate", "content", "checksum", "length"],
)
def test_compressed_bytes_that_were_changed_are_reported_with_the_librarys_reason(archive: bytes) -> None:
    assert re.fullmatch(r"corrupt: its compressed bytes were changed: Error -\d .+", refusal(archive))


@every_compression
@pytest.mark.parametrize("place", [300, 150_000, -3], ids=["near the start", "in the middle", "at the end"])
def test_one_changed_bit_is_noticed_in_every_compression(name: str, place: int) -> None:
    assert re.match(r"corrupt: its compressed bytes were changed: .+", refusal(flipped(compress(NOISE, name), place)))


@every_compression
@pytest.mark.parametrize("more", [b"\0\1", b"\x1f", bytes(300_000) + b"\1", b"garbage"], ids=lambda more: more[-2:])
@pytest.mark.parametrize("at_once", [1 << 16, 1 << 24], ids=["within a piece", "with a piece"])
def test_whatever_else_follows_the_compressed_content_is_refused(name: str, more: bytes, at_once: int) -> None:
    class Hasty(BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            return super().read(at_once)

    with pytest.raises(DamagedArchive) as caught:
        list(open_content(Hasty(compress(NOISE, name) + more)).pieces)

    assert str(caught.value) == f"trailing data: something else follows the content that {name} compressed"


@pytest.mark.parametrize(("name", "zeros"), [("gzip", 1), ("gzip", 511), ("gzip", 300_000), ("xz", 4), ("xz", 300_000)])
def test_zeros_that_pad_an_archive_are_accepted_as_its_own_program_does(name: str, zeros: int) -> None:
    padded = compress(NOISE, name) + bytes(zeros)

    assert b"".join(open_content(BytesIO(padded)).pieces) == NOISE


@pytest.mark.parametrize(("name", "zeros"), [("xz", 1), ("xz", 510), ("bzip2", 512), ("zstd", 512)])
def test_zeros_that_its_own_program_does_not_take_for_padding_are_refused(name: str, zeros: int) -> None:
    said = refusal(compress(NOISE, name) + bytes(zeros))

    assert said == f"trailing data: something else follows the content that {name} compressed"


def named(content: bytes) -> bytes:
    file = BytesIO()
    with gzip.GzipFile("media.tar", "wb", fileobj=file, mtime=1) as packed:
        packed.write(content)
    return file.getvalue()


@either_library
@pytest.mark.parametrize(
    "archive",
    [
        GZIP[:4] + b"\1\0\0\0" + GZIP[8:] + BODY,
        GZIP[:8] + b"\2\3" + BODY,
        GZIP[:8] + b"\4\xff" + BODY,
        GZIP[:9] + b"\0" + BODY,
        GZIP[:3] + b"\x04" + GZIP[4:] + b"\4\0RA\0\0" + BODY,
        named(NOISE),
    ],
    ids=["a time", "gzip -9", "gzip -1, an unknown system", "FAT", "an extra field", "a name"],
)
def test_a_gzip_header_of_any_program_is_read(archive: bytes) -> None:
    assert decompress(archive) == NOISE


@either_library
def test_a_gzip_header_of_another_method_is_corrupt() -> None:
    assert refusal(GZIP[:2] + b"\x07" + GZIP[3:] + BODY).startswith("corrupt: ")


@pytest.mark.parametrize(
    ("archive", "content"),
    [
        (lambda: bz2.compress(NOISE[:1000], 9), NOISE[:1000]),
        (lambda: lzma.compress(NOISE[:1000], check=lzma.CHECK_SHA256, preset=9), NOISE[:1000]),
        (lambda: b"\x50\x2a\x4d\x18\4\0\0\0size" + compress(b"a", "zstd"), b"a"),
    ],
    ids=["bzip2 -9", "xz -9 --check=sha256", "pzstd"],
)
def test_other_levels_and_programs_write_what_is_read(archive: Callable[[], bytes], content: bytes) -> None:
    assert decompress(archive()) == content


def test_only_a_compression_with_a_checksum_verifies_its_content() -> None:
    zstd = import_compression("zstd")

    assert all(open_content(BytesIO(compress(b"a", name))).verified for name in COMPRESSIONS)
    assert not open_content(BytesIO(zstd.compress(b"a"))).verified


def test_xz_that_needs_more_memory_than_is_granted_is_not_judged() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}]

    reason, _ = judgement(lzma.compress(b"a" * 1000, filters=filters))

    assert reason == "it takes more than 256 MiB of memory to decompress"


def test_zstd_that_needs_more_memory_than_is_granted_is_not_judged() -> None:
    window = import_compression("zstd").CompressionParameter.window_log
    packer = import_compression("zstd").ZstdCompressor(options={window: 28})

    reason, _ = judgement(packer.compress(b"a" * 1000) + packer.flush())

    assert reason == "it takes more than 256 MiB of memory to decompress"


@pytest.mark.parametrize("name", ["bzip2", "xz", "zstd"])
def test_without_its_module_a_compression_is_not_judged(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = compress(b"a", name)
    for module in ("bz2", "lzma", "compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, module, None)

    reason, hint = judgement(archive)

    assert reason == f"it is compressed with {name}, which this Python can't read"
    assert hint == ("pip install backports.zstd, or " * (name == "zstd")) + "decompress it and check the .tar"


def test_a_file_of_a_few_bytes_that_holds_terabytes_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = compress(bytes(10_000_000), "bzip2")
    monkeypatch.setattr(compression, "_MOST_CONTENT", 500_000)
    read: list[bytes] = []

    with pytest.raises(UnsupportedArchive, match=f"{len(archive)} bytes of it hold more than 524288 bytes, too many"):
        read.extend(pieces_of(archive))

    assert sum(map(len, read)) <= 1 << 19
    assert len(decompress(compress(NOISE + NOISE, "bzip2"))) == 600_000, "what is as large in the file isn't limited"


def test_without_isal_it_is_zlib_that_decompresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isal", None)

    assert runpy.run_path(str(compression.__file__))["fastest"] is zlib


def test_where_isal_is_installed_it_decompresses() -> None:
    isal_zlib = pytest.importorskip("isal.isal_zlib")

    assert runpy.run_path(str(compression.__file__))["fastest"] is isal_zlib
