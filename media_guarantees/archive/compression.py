"""Detecting how a file is compressed by its first bytes, and decompressing it strictly, with bounded memory.

Each decompressor verifies what its format has for checksums: gzip a CRC-32 and a length, bzip2 a CRC for each block, xz
and zstd what their header says. A file may hold several compressed streams in a row, as pbzip2, pzstd and `cat` write
them; anything else after a stream is an error. gzip's header has no checksum: a bit that changes in the time or the
name that it holds goes unseen, and changes nothing of the content.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import BinaryIO, Protocol

from media_guarantees.archive.foreign_formats import require_supported
from media_guarantees.archive.problem import DamagedArchive, UnsupportedArchive
from media_guarantees.archive.tar_header import is_header
from media_guarantees.media.manifest import printable

try:
    from isal import isal_zlib
except ImportError:
    fastest: ModuleType = zlib
else:  # decompresses about twice as fast as zlib
    fastest = isal_zlib

_READ = 1 << 16
_LARGEST = 1 << 18  # of a decompressed piece: zeros take a thousandth of their size
_MEMORY = 1 << 28  # that xz may need; `xz -9` takes 65 MiB
_WINDOW = 27  # the logarithm of zstd's: 128 MiB, as `zstd --ultra -22` needs
# No media are compressed to a two-thousandth. A file of 1 MB can hold a terabyte of zeros, which takes hours to read.
_MOST_CONTENT = 1 << 36
_MOST_FOLD = 2000


_MODULES = {"bzip2": ("bz2",), "xz": ("lzma",), "zstd": ("compression.zstd", "backports.zstd")}


class Decompressor(Protocol):
    """What the standard library's decompressors have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end of the compressed stream was reached."""

    @property
    def needs_input(self) -> bool:
        """Whether there is no more content without more compressed data."""

    @property
    def unused_data(self) -> bytes:
        """What followed the end of the compressed stream."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Decompress data, and return at most so many bytes of content."""


class _Gzip:
    """One gzip member (RFC 1952), with the interface of the other decompressors."""

    def __init__(self) -> None:
        self._inflate = fastest.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return bool(self._inflate.eof)

    @property
    def needs_input(self) -> bool:
        return not self._inflate.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inflate.unused_data)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        content: bytes = self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)
        return content


@dataclass(frozen=True)
class Compression:
    """A way to compress: its name, how a file of it begins, and what makes a decompressor with the errors it raises.

    Zeros may follow the content, a multiple of `padding` of them: any number for gzip (its manual, "Tapes"), a multiple
    of four for xz (its file format, 2.2 "Stream Padding"), none where `padding` is 0.
    """

    name: str
    signatures: tuple[bytes, ...]
    start: Callable[[], tuple[Callable[[], Decompressor], tuple[type[Exception], ...]]]
    padding: int = 0


def _gzip() -> tuple[Callable[[], Decompressor], tuple[type[Exception], ...]]:
    return _Gzip, (zlib.error, fastest.error)


def _bzip2() -> tuple[Callable[[], Decompressor], tuple[type[Exception], ...]]:
    return import_compression("bzip2").BZ2Decompressor, (OSError, ValueError)


def _xz() -> tuple[Callable[[], Decompressor], tuple[type[Exception], ...]]:
    lzma = import_compression("xz")
    return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY), (lzma.LZMAError,)


def _zstd() -> tuple[Callable[[], Decompressor], tuple[type[Exception], ...]]:
    zstd = import_compression("zstd")
    options = {zstd.DecompressionParameter.window_log_max: _WINDOW}
    return lambda: zstd.ZstdDecompressor(options=options), (zstd.ZstdError,)


def import_compression(name: str) -> ModuleType:
    """Import the module of this compression; raises `UnsupportedArchive` where Python has none."""
    modules = _MODULES[name]
    for module in modules:
        with suppress(ImportError):
            return import_module(module)
    install = f"pip install {modules[-1]}, or " if len(modules) > 1 else ""
    raise UnsupportedArchive(
        f"it is compressed with {name}, which this Python can't read", f"{install}decompress it and check the .tar"
    )


_SKIPPABLE = tuple(bytes((0x50 + number, 0x2A, 0x4D, 0x18)) for number in range(16))  # RFC 8878, 3.1.2
COMPRESSIONS: Mapping[str, Compression] = {
    compression.name: compression
    for compression in (
        Compression("gzip", (b"\x1f\x8b",), _gzip, padding=1),
        Compression("bzip2", (b"BZh",), _bzip2),
        Compression("xz", (b"\xfd7zXZ\0",), _xz, padding=4),
        Compression("zstd", (b"\x28\xb5\x2f\xfd", *_SKIPPABLE), _zstd),
    )
}
_LONGEST = max(len(signature) for each in COMPRESSIONS.values() for signature in each.signatures)
_BLOCK = 512


@dataclass(frozen=True)
class Content:
    """The content of a file, in pieces, and the name of its compression: "" where there is none.

    `verified` is whether checksums protect the content.
    """

    compression: str
    verified: bool
    pieces: Iterator[bytes]


def open_content(file: BinaryIO) -> Content:
    """Detect how a file is compressed, and decompress it while its content is read.

    Raises `DamagedArchive` at once for a file that is neither compressed nor a tar archive, and while it is read where
    it can't go on; `UnsupportedArchive` for a format that isn't read here.
    """
    start = file.read(_READ)
    for compression in COMPRESSIONS.values():
        if start.startswith(compression.signatures):
            verified = compression.name != "zstd" or _zstd_has_checksum(start)
            return Content(compression.name, verified, _bounded(compression, file, start))
    _require_tar(start)
    return Content("", False, _plain(file, start))  # noqa: FBT003 - the fields' names say it


def _zstd_has_checksum(start: bytes) -> bool:
    """Whether a frame's descriptor promises a checksum (RFC 8878, 3.1.1.1.1); a skippable frame says nothing."""
    return start[0] != 0x28 or bool(start[4:5] and start[4] & 4)


def _require_tar(start: bytes) -> None:
    if not start:
        raise DamagedArchive("empty file", "the file holds 0 bytes")
    if is_header(start[:_BLOCK]) or start[257:262] == b"ustar":
        return
    require_supported(start)
    signatures = [signature for each in COMPRESSIONS.values() for signature in each.signatures]
    if len(start) < _LONGEST and any(signature.startswith(start) for signature in signatures):
        raise DamagedArchive("truncated", f"the file ends after {len(start)} bytes")
    raise DamagedArchive("no archive", f"the file begins with {printable(start[:16])}, as no archive known here does")


def _plain(file: BinaryIO, start: bytes) -> Iterator[bytes]:
    yield start
    while piece := file.read(_LARGEST):
        yield piece


def _bounded(compression: Compression, file: BinaryIO, start: bytes) -> Iterator[bytes]:
    """Decompress a file, up to a size that no media have."""
    compressed = [len(start)]

    def more() -> bytes:
        piece = file.read(_READ)
        compressed[0] += len(piece)
        return piece

    size = 0
    for content in _decompress(compression, start, more):
        size += len(content)
        if size > _MOST_CONTENT and size > _MOST_FOLD * compressed[0]:
            raise UnsupportedArchive(f"{compressed[0]} bytes of it hold more than {size} bytes, too many to read")
        yield content


def _decompress(compression: Compression, piece: bytes, more: Callable[[], bytes]) -> Iterator[bytes]:
    new, errors = compression.start()
    while piece:
        decompressor = new()
        while True:
            try:
                content = decompressor.decompress(piece, _LARGEST)
            except errors as error:
                raise _failure(error) from error
            if content:
                yield content
            if decompressor.eof:
                break
            piece = more() if decompressor.needs_input else b""
            if decompressor.needs_input and not piece:
                raise DamagedArchive("truncated", "the file ends before its compressed content does")
        piece = decompressor.unused_data or more()
        if len(piece) < _LONGEST:
            piece += more()
        if piece.startswith(b"\0") and _is_padding(piece, more, compression.padding):
            return
        if piece and not piece.startswith(compression.signatures):
            raise DamagedArchive(
                "trailing data", f"something else follows the content that {compression.name} compressed"
            )


def _is_padding(piece: bytes, more: Callable[[], bytes], multiple: int) -> bool:
    """Whether only zeros follow, as many as a padding may have: tapes and `dd conv=sync` add them."""
    zeros = 0
    while piece and not piece.strip(b"\0"):
        zeros += len(piece)
        piece = more()
    return bool(multiple) and not piece and zeros % multiple == 0


def _failure(error: Exception) -> Exception:
    """Say what a decompressor's error means: more memory than it was given is no damage."""
    if "emory" in str(error):
        return UnsupportedArchive(f"it takes more than {_MEMORY >> 20} MiB of memory to decompress")
    return DamagedArchive("corrupt", f"its compressed bytes were changed: {error}")
