"""The log of a disk: every write and every flush, in the order in which the disk completed them.

The format is that of the kernel's dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst), which QEMU's
block driver `blklogwrites` writes as well. A superblock fills the first sector of the log. Each entry begins with a
sector for its header; what was written follows in whole sectors. All numbers are little-endian.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from media_guarantees.core.errors import BadInput

MAGIC = 0x6A736677736872
VERSION = 1
FLUSH, FUA, DISCARD, MARK, METADATA = (1 << bit for bit in range(5))
SUPERBLOCK = struct.Struct("<QQQI")
"""Magic number, version, number of entries, bytes in a sector."""
HEADER = struct.Struct("<QQQQ")
"""First sector on the disk, number of sectors, flags, bytes of the text of a mark."""

_KNOWN = FLUSH | FUA | DISCARD | MARK | METADATA
_HINT = "report this with the version of qemu-storage-daemon: the log is not one that is understood"


@dataclass(frozen=True)
class Entry:
    """One request that the disk completed. `offset` is a byte of the disk, `end` the byte of the log after the entry.

    `content` is what was written, of `length` bytes. A discard has a length and no content.
    """

    flags: int
    offset: int
    length: int
    content: memoryview
    end: int

    @property
    def is_flush(self) -> bool:
        """Whether every write that was completed before is safe from here on."""
        return bool(self.flags & FLUSH)

    @property
    def is_safe(self) -> bool:
        """Whether the write itself was on the disk when it was completed, whatever came before it (FUA)."""
        return bool(self.flags & FUA)


def read_log(log: bytes) -> tuple[Entry, ...]:
    """Return the entries of a log, which may still be written to: one that is not all there yet is left out.

    Raises `BadInput` if it is no such log, or has fewer entries than its superblock says.
    """
    sector, promised = _superblock(log)
    entries = tuple(_entries(memoryview(log), sector))
    if len(entries) < promised:
        raise BadInput(f"the log of the disk has {len(entries)} entries and should have {promised}", _HINT)
    return entries


def entries_by(entries: Sequence[Entry], size: int) -> int:
    """Return how many of the entries were in the log when it was `size` bytes long."""
    return bisect_right([entry.end for entry in entries], size)


def _superblock(log: bytes) -> tuple[int, int]:
    """Return the bytes in a sector, and the number of entries when the superblock was last written."""
    if len(log) < SUPERBLOCK.size:
        raise BadInput(f"the log of the disk is cut off in its superblock, after {len(log)} bytes", _HINT)
    magic, version, promised, sector = SUPERBLOCK.unpack_from(log)
    if magic != MAGIC:
        raise BadInput(f"this is no log of a disk: it begins with {magic:#x} instead of {MAGIC:#x}", _HINT)
    if version != VERSION:
        raise BadInput(f"the log of the disk has version {version} instead of {VERSION}", _HINT)
    if sector < 512 or sector & (sector - 1):
        raise BadInput(f"the log of the disk has sectors of {sector} bytes", _HINT)
    return sector, promised


def _entries(log: memoryview, sector: int) -> Iterator[Entry]:
    at = sector
    while at + sector <= len(log):
        entry = _entry(log, at, sector)
        if entry.end > len(log):
            return
        yield entry
        at = entry.end


def _entry(log: memoryview, at: int, sector: int) -> Entry:
    first, count, flags, text = HEADER.unpack_from(log, at)
    if flags & ~_KNOWN or not (flags or count) or text > sector - HEADER.size:
        raise BadInput(f"the log of the disk holds a damaged entry at byte {at}", _HINT)
    length = count * sector
    begin = at + sector
    end = begin + (0 if flags & DISCARD else length)
    return Entry(flags, first * sector, length, log[begin:end], end)
