"""Reading a `.tar.gz` strictly, block by block: what GNU tar and Python's `tarfile` let pass is an error here.

`tar` and `tarfile` both take a file that ends anywhere between two members for a whole one or nearly so, and neither
looks behind the end marker. This reader accepts what `tar -czf` writes and nothing else. It never extracts, and the
size of a file in the archive doesn't count in memory. The layout of a header is that of POSIX's ustar interchange
format, with GNU tar's own types "L" and "K" for long names and POSIX's "x" and "g" for attributes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from media_guarantees.archive.strict_gzip import decompressed
from media_guarantees.archive.tar_header import DamagedArchive, Header, Member, attributes_of, is_header
from media_guarantees.media.manifest import printable

_BLOCK = 512
# What would be kept in memory, unlike a file's content: an archive may be as small as it likes and ask for any amount.
_LONGEST_PATH = 4096  # no longer one can be restored (PATH_MAX in limits.h(0P) on Linux)
_LONGEST_ATTRIBUTES = 1 << 20  # bytes, of one member and of all
_MOST_MEMBERS = 3_000_000
_ALL_NAMES = 1 << 28  # bytes
_RECORD = 10240  # GNU tar fills up its last one (GNU tar manual, "The Blocking Factor of an Archive")
_ZEROS = bytes(_BLOCK)


def read_members(file: BinaryIO, *, hashed: bool = True) -> Iterator[Member]:
    """Read a `.tar.gz` to its very end, member by member; raises `DamagedArchive` where it can't go on.

    Unless `hashed`, a member has no SHA-256.
    """
    yield from _members(_Blocks(decompressed(file)), hashed=hashed)


def _members(blocks: _Blocks, *, hashed: bool) -> Iterator[Member]:
    lasting: dict[bytes, bytes] = {}
    passing: dict[bytes, bytes] = {}
    count = names = 0
    while block := blocks.header():
        header = Header(block, {**lasting, **passing})
        if header.extends:
            attributes = lasting if header.extends == "all" else passing
            attributes.update(_extension(header, blocks))
            if sum(map(len, (*attributes, *attributes.values()))) > _LONGEST_ATTRIBUTES:
                raise DamagedArchive("unsupported", f"attributes without end ({blocks.position})")
            continue
        yield (member := header.member(_digest(header, blocks, hashed=hashed)))
        passing = {}
        count, names = count + 1, names + len(member.name) + len(member.target)
        if count > _MOST_MEMBERS or names > _ALL_NAMES:
            raise DamagedArchive("unsupported", f"{count} members with {names} bytes of names are too many to check")
    if passing:
        raise DamagedArchive("header", f"a long name belongs to no member ({blocks.position})")


def _extension(header: Header, blocks: _Blocks) -> dict[bytes, bytes]:
    longest = _LONGEST_PATH + 1 if header.type in b"LK" else _LONGEST_ATTRIBUTES
    if header.size > longest:
        raise DamagedArchive("header", f"a name of {header.size} bytes can't be ({blocks.position})")
    attributes = attributes_of(header.type, b"".join(blocks.data(header.size)))
    for name in (b"path", b"linkpath"):
        if len(attributes.get(name, b"")) > _LONGEST_PATH:
            raise DamagedArchive("header", f"a name of {len(attributes[name])} bytes can't be ({blocks.position})")
    return attributes


def _digest(header: Header, blocks: _Blocks, *, hashed: bool) -> str:
    """Read a member's data; return its SHA-256 if it is wanted."""
    blocks.place = ("in", header.name)
    digest = hashlib.sha256()
    for piece in blocks.data(header.size):
        if hashed:
            digest.update(piece)
    blocks.place = ("after", header.name)
    return digest.hexdigest() if hashed else ""


class _Blocks:
    """A stream of tar blocks, read in order; `place` says where reading is, in or after which member."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = memoryview(b"")
        self._at = 0  # in what is held
        self._passed = 0  # bytes before that
        self.place: tuple[str, bytes] | None = None

    def header(self) -> bytes | None:
        """Return the next header, its checksum verified, or None at a proper end of the archive."""
        block = self._block()
        if block and block != _ZEROS:
            self._verify(block)
            return block
        if not block or (second := self._block()) is None:
            raise self._damaged("no end marker", "it stops without the two blocks of zeros of its end")
        while second:
            if second != _ZEROS:
                raise self._damaged("data after end", "more follows the end marker")
            second = self._block()
        if self._passed % _RECORD:
            raise self._damaged("unfilled", f"it stops within a record of {_RECORD} bytes, which `tar` fills up")
        return None

    def data(self, size: int) -> Iterator[memoryview]:
        """Hand out the `size` bytes that follow a header, in pieces, and pass over what fills up their block."""
        yield from self._exactly(size)
        fill = -size % _BLOCK
        if fill and self._read(fill) != _ZEROS[:fill]:
            raise self._damaged("fill", "what fills up a file's last block isn't zeros")

    def _block(self) -> bytes | None:
        return self._read(_BLOCK) if self._more() else None

    def _read(self, size: int) -> bytes:
        begin, end = self._at, self._at + size
        if end <= len(self._held):
            self._at = end
            return self._held[begin:end].tobytes()
        return b"".join(self._exactly(size))

    def _exactly(self, size: int) -> Iterator[memoryview]:
        while size:
            if not self._more():
                raise self._damaged("truncated", "it stops in the middle of a block or file")
            piece = self._held[self._at : self._at + size]
            self._at += len(piece)
            size -= len(piece)
            yield piece

    def _more(self) -> bool:
        if self._at < len(self._held):
            return True
        self._passed += self._at
        self._at = 0
        try:
            self._held = memoryview(next(self._pieces, b""))
        except DamagedArchive as damage:
            if self.place is None:
                raise
            raise self._damaged(damage.problem.kind, damage.problem.message) from damage
        return bool(self._held)

    def _verify(self, block: bytes) -> None:
        if is_header(block):
            return
        if self.place is None:
            raise self._damaged("not tar", "what was compressed doesn't begin with a tar header")
        raise self._damaged("header checksum", "a header's checksum or signature is wrong")

    def _damaged(self, kind: str, message: str) -> DamagedArchive:
        return DamagedArchive(kind, f"{message} ({self.position})")

    @property
    def position(self) -> str:
        """The place in words."""
        return f"{self.place[0]} {printable(self.place[1])}" if self.place else "at its start"
