"""One header of a tar archive, and the member that it describes.

The layout is that of POSIX's ustar interchange format, which older archives (v7) have without its signature; with GNU
tar's types "L" and "K" (a long name, a long link target), "S" (a sparse file), "D" (a directory with a list of its
names) and "V" (a label), and POSIX's "x" and "g" (attributes of the next member, of all that follow).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from media_guarantees.archive.problem import DamagedArchive, UnsupportedArchive
from media_guarantees.media.manifest import ROOT

_SIGNATURE = re.compile(rb"ustar(?:  \0|\x0000|\0 \0|\0\0\0)")
_NONE = bytes(8)
# What follows the digits differs between programs, and whether they are filled up with zeros or with spaces.
_CHECKSUM = re.compile(rb" *[0-7]+(?:\0 | \0|\0)")
_OCTAL = re.compile(rb"[ \0]*([0-7]*)[ \0]*")
_NUMBER = re.compile(rb"-?[0-9]{1,19}")
_TIME = re.compile(rb"(-?)([0-9]{1,12})(?:\.([0-9]*))?")
_EXTENDS = {b"L": "next", b"K": "next", b"x": "next", b"X": "next", b"g": "all"}
_KINDS = {
    b"0": "file",
    b"\0": "file",
    b"7": "file",
    b"S": "file",
    b"1": "hard link",
    b"2": "symlink",
    b"3": "character device",
    b"4": "block device",
    b"5": "directory",
    b"D": "directory",
    b"6": "fifo",
}
_READ = frozenset((b"path", b"linkpath", b"size", b"uid", b"gid", b"mtime"))
_SPARSE = frozenset(b"GNU.sparse." + key for key in (b"name", b"size", b"realsize", b"major", b"minor", b"map"))


@dataclass(frozen=True, slots=True)
class Member:
    """One member as the archive describes it: an `Entry`, but for `name` as it is written, and the kind "hard link"."""

    name: bytes
    kind: str
    size: int
    sha256: str
    mode: int
    uid: int
    gid: int
    mtime_ns: int
    target: bytes
    path: bytes = field(init=False)
    """The name, normalised as in a manifest: "./a//b/" is "a/b"; what is absolute or holds ".." shows it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", normalised(self.name))


def normalised(name: bytes) -> bytes:
    """Remove the parts of a name that have no meaning, such as "./"."""
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    return (b"/" if name.startswith(b"/") else b"") + b"/".join(parts) or ROOT


def is_header(block: bytes) -> bool:
    """Whether a block's checksum is right: the sum of its bytes, with spaces for those of the sum itself."""
    stored, magic = block[148:156], block[257:265]
    if not _CHECKSUM.fullmatch(stored) or not (magic == _NONE or _SIGNATURE.fullmatch(magic)):
        return False
    return int(stored.strip(b" \0"), 8) == sum(block) - sum(stored) + 8 * ord(" ")


def attributes_of(kind: bytes, body: bytes) -> dict[bytes, bytes]:
    """Read what describes the next member, as POSIX attributes; those that nothing here asks for are left out.

    The pairs of GNU tar's sparse format 0.0 become the map of its format 0.1.
    """
    if kind in (b"L", b"K"):
        return {b"path" if kind == b"L" else b"linkpath": text_of(body)}
    pairs: list[tuple[bytes, bytes]] = []
    start = 0
    while start < len(body):
        space = body.find(b" ", start, start + 20)
        length = _integer(body[start:space]) if space > 0 else 0
        key, equals, value = body[space + 1 : max(0, start + length)].partition(b"=")
        if not 0 < length <= len(body) - start or not equals or not value.endswith(b"\n"):
            raise DamagedArchive("header", f"attributes that can't be read: {body[start : start + 80]!r}")
        pairs.append((key, value[:-1]))
        start += length
    return _known(pairs, _READ if kind == b"g" else _READ | _SPARSE)


def _known(pairs: Sequence[tuple[bytes, bytes]], keys: AbstractSet[bytes]) -> dict[bytes, bytes]:
    found = {key: value for key, value in pairs if key in keys}
    parts = [value for key, value in pairs if key in (b"GNU.sparse.offset", b"GNU.sparse.numbytes")]
    return {b"GNU.sparse.map": b",".join(parts), **found} if parts and b"GNU.sparse.map" in keys else found


class Header:
    """A header block, with the attributes that override it; one without a value overrides nothing."""

    def __init__(self, block: bytes, attributes: Mapping[bytes, bytes]) -> None:
        self.block = block
        self.type = block[156:157]
        self.extends = _EXTENDS.get(self.type, "")
        self.attributes = {} if self.extends else attributes
        self.name = self.attributes.get(b"GNU.sparse.name") or self.attributes.get(b"path") or self._own_name()
        self.size = self._integer(b"size", slice(124, 136))
        if self.size < 0:
            raise DamagedArchive("header", f"invalid size: {self.size} bytes", self.name)

    @property
    def is_sparse(self) -> bool:
        """Whether the member's data are only the parts of a file that aren't holes."""
        return self.type == b"S" or not _SPARSE.isdisjoint(self.attributes)

    @property
    def is_label(self) -> bool:
        """Whether it names the whole archive, and no member of it."""
        return self.type == b"V"

    def member(self, size: int, sha256: str) -> Member:
        """Put the member together, given its content's size and SHA-256."""
        kind = self.kind()
        link = self.attributes.get(b"linkpath") or text_of(self.block[157:257])
        return Member(
            name=self.name,
            kind=kind,
            size=size if kind == "file" else 0,
            sha256=sha256 if kind == "file" else "",
            mode=number_in(self.block[100:108]) & 0o7777,
            uid=self._integer(b"uid", slice(108, 116)),
            gid=self._integer(b"gid", slice(116, 124)),
            mtime_ns=self._mtime(),
            target=link if kind in ("symlink", "hard link") else b"",
        )

    def kind(self) -> str:
        """Return the kind of the member; raises `UnsupportedArchive` where programs don't agree about it."""
        kind = _KINDS.get(self.type, "")
        if kind == "file" and self.name.endswith(b"/") and self.type in (b"0", b"\0"):
            kind = "directory"  # as V7 wrote one (POSIX, "ustar Interchange Format", typeflag)
        if not kind:
            raise UnsupportedArchive(f"it holds a member of type {self.type!r}")
        if not self.name or (kind == "file" and self.name.endswith(b"/")):
            raise DamagedArchive("header", f"invalid name for a {kind}", self.name)
        if self.size and kind != "file" and self.type != b"D":
            raise UnsupportedArchive(f"it holds a {kind} of {self.size} bytes, which programs read in different ways")
        return kind

    def _own_name(self) -> bytes:
        own = text_of(self.block[:100])
        # Where the format isn't POSIX's, GNU tar keeps other things in the place of the prefix.
        prefix = text_of(self.block[345:500]) if self.block[257:263] == b"ustar\0" else b""
        return prefix + b"/" + own if prefix else own

    def _integer(self, attribute: bytes, field: slice) -> int:
        given = self.attributes.get(attribute)
        return _integer(given) if given else number_in(self.block[field])

    def _mtime(self) -> int:
        given = self.attributes.get(b"mtime")
        if not given:
            return number_in(self.block[136:148]) * 10**9
        match = _TIME.fullmatch(given)
        if not match:
            raise DamagedArchive("header", f"invalid time: {given[:80]!r}", self.name)
        amount = int(match[2]) * 10**9 + int((match[3] or b"")[:9].ljust(9, b"0"))
        return -amount if match[1] else amount


def text_of(field: bytes) -> bytes:
    """Return what is in a field before its first NUL."""
    return field.partition(b"\0")[0]


def number_in(field: bytes) -> int:
    """Read octal digits or, where the first bit is set, a big-endian number with a sign, which needs more."""
    if field[0] & 0x80:
        bits = 8 * len(field) - 1
        value = int.from_bytes(field, "big") & ((1 << bits) - 1)
        return value - (1 << bits) if value >> (bits - 1) else value
    match = _OCTAL.fullmatch(field)
    if not match:
        raise DamagedArchive("header", f"invalid number: {field!r}")
    return int(match[1] or b"0", 8)


def _integer(digits: bytes) -> int:
    if not _NUMBER.fullmatch(digits):
        raise DamagedArchive("header", f"invalid number: {digits[:80]!r}")
    return int(digits)
