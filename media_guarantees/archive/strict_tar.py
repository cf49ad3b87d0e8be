"""Reading a tar archive strictly, block by block: what GNU tar and Python's `tarfile` let pass is an error here.

`tar` and `tarfile` both take a file that ends anywhere between two members for a whole one or nearly so, and neither
looks behind the end marker. This reader wants every header's checksum right, both blocks of zeros at the end, and
nothing but zeros behind them; how far those zeros go differs between programs. It never extracts, and the size of a
file in the archive doesn't count in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from media_guarantees.archive.problem import DamagedArchive, UnsupportedArchive
from media_guarantees.archive.sparse_file import read_map
from media_guarantees.archive.tar_header import Header, Member, attributes_of, is_header
from media_guarantees.media.manifest import printable

_BLOCK = 512
# What would be kept in memory, unlike a file's content: an archive may be as small as it likes and ask for any amount.
_LONGEST_PATH = 4096  # no longer one can be restored (PATH_MAX in limits.h(0P) on Linux)
_LONGEST_ATTRIBUTES = 1 << 20  # bytes, of one member
_MOST_MEMBERS = 1_000_000
_ALL_NAMES = 1 << 27  # bytes
_ALL_HOLES = 1 << 36  # bytes of sparse files, which take a second for each GB to hash
_ZEROS = bytes(_BLOCK)


def read_members(pieces: Iterator[bytes], *, hashed: bool = True) -> Iterator[Member]:
    """Read a tar archive to its end, member by member, given its content in pieces.

    Unless `hashed`, a member has no SHA-256. Raises `DamagedArchive` where it can't go on, `UnsupportedArchive` for
    what can't be judged.
    """
    yield from _Members(_Blocks(pieces), hashed=hashed).read()


class _Members:
    """The members of an archive, with what is counted of them all."""

    def __init__(self, blocks: _Blocks, *, hashed: bool) -> None:
        self._blocks = blocks
        self._hashed = hashed
        self._count = self._names = self._holes = 0

    def read(self) -> Iterator[Member]:
        lasting: dict[bytes, bytes] = {}
        passing: dict[bytes, bytes] = {}
        while block := self._blocks.header():
            header = Header(block, {**lasting, **passing} if lasting or passing else {})
            if header.extends:
                (lasting if header.extends == "all" else passing).update(self._attributes(header))
            elif not header.is_label:
                yield self._member(header)
                passing = {}
        if passing:
            raise DamagedArchive("header", f"a long name belongs to no member ({self._blocks.position})")

    def _member(self, header: Header) -> Member:
        member = header.member(*self._content(header))
        self._count += 1
        self._names += len(member.name) + len(member.target)
        if self._count > _MOST_MEMBERS or self._names > _ALL_NAMES:
            raise UnsupportedArchive(f"it holds more than {self._count - 1} members, too many to check")
        return member

    def _attributes(self, header: Header) -> Mapping[bytes, bytes]:
        place = self._blocks.position
        longest = _LONGEST_PATH + 1 if header.type in (b"L", b"K") else _LONGEST_ATTRIBUTES
        if header.size > longest:
            raise DamagedArchive("header", f"a name of {header.size} bytes is too long ({place})")
        attributes = attributes_of(header.type, b"".join(self._blocks.data(header.size)))
        for name in (b"path", b"linkpath", b"GNU.sparse.name"):
            if len(attributes.get(name, b"")) > _LONGEST_PATH:
                raise DamagedArchive("header", f"a name of {len(attributes[name])} bytes is too long ({place})")
        return attributes

    def _content(self, header: Header) -> tuple[int, str]:
        """Read a member's data; return its content's size, and its SHA-256 if that is wanted."""
        self._blocks.member = ("in", header.name)
        size, pieces = self._filled(header) if header.is_sparse else (header.size, self._blocks.data(header.size))
        digest = hashlib.sha256()
        for piece in pieces:
            if self._hashed:
                digest.update(piece)
        self._blocks.member = ("after", header.name)
        return size, digest.hexdigest() if self._hashed else ""

    def _filled(self, header: Header) -> tuple[int, Iterator[memoryview]]:
        """Return a sparse file's size and content; the holes are left out where nothing is hashed."""
        sparse = read_map(header, self._blocks.read)
        data = self._blocks.data(sparse.stored)
        if not self._hashed:
            return sparse.size, data
        self._holes += sparse.holes
        if self._holes > _ALL_HOLES:
            raise UnsupportedArchive(f"its sparse files have holes of {self._holes} bytes, too many to read")
        return sparse.size, sparse.fill(data)


class _Blocks:
    """A stream of tar blocks, read in order; `place` says where reading is, in or after which member."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = memoryview(b"")
        self._at = 0  # in what is held
        self._padding = b""  # of the headers' checksums
        self.member: tuple[str, bytes] | None = None

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
        return None

    def data(self, size: int) -> Iterator[memoryview]:
        """Yield the `size` bytes that follow, in pieces, and skip what fills up their last block."""
        yield from self._exactly(size)
        fill = -size % _BLOCK
        if fill and self.read(fill) != _ZEROS[:fill]:
            raise self._damaged("fill", "what fills up a file's last block isn't zeros")

    def read(self, size: int) -> bytes:
        """Read the `size` bytes that follow."""
        begin, end = self._at, self._at + size
        if end <= len(self._held):
            self._at = end
            return self._held[begin:end].tobytes()
        return b"".join(self._exactly(size))

    def _block(self) -> bytes | None:
        return self.read(_BLOCK) if self._more() else None

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
        self._at = 0
        try:
            self._held = memoryview(next(self._pieces, b""))
        except DamagedArchive as damage:
            if self.member is None:
                raise
            raise self._damaged(damage.problem.kind, damage.problem.message) from damage
        return bool(self._held)

    def _verify(self, block: bytes) -> None:
        # One program writes all checksums alike: a zero that became a space is a flipped bit, though the sum is right.
        first = block[148:149]
        if is_header(block) and (first not in (b" ", b"0") or first == (self._padding or first)):
            self._padding = self._padding or (first if first in (b" ", b"0") else b"")
            return
        if self.member is None:
            raise self._damaged("not tar", "its content doesn't begin with a tar header")
        raise self._damaged("header checksum", "a header's checksum or signature is wrong")

    def _damaged(self, kind: str, message: str) -> DamagedArchive:
        return DamagedArchive(kind, f"{message} ({self.position})")

    @property
    def position(self) -> str:
        """The place in words."""
        return f"{self.member[0]} {printable(self.member[1])}" if self.member else "at its start"
