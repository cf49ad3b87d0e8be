"""One header of a tar archive, and what an archive's members and damages are.

The layout is that of POSIX's ustar interchange format, with GNU tar's types "L" and "K" (a long name, a long link
target) and POSIX's "x" and "g" (attributes of the next member, of all that follow).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from media_guarantees.media.manifest import ROOT, printable

_MAGIC = (b"ustar  \0", b"ustar\x0000")
_CHECKSUM = re.compile(rb"[0-7]{6}\0 ")
_OCTAL = re.compile(rb"[ \0]*([0-7]*)[ \0]*")
_NUMBER = re.compile(rb"-?[0-9]{1,19}")
_TIME = re.compile(rb"(-?)([0-9]{1,12})(?:\.([0-9]*))?")
_EXTENDS = {b"L": "next", b"K": "next", b"x": "next", b"g": "all"}
_KINDS = {
    b"0": "file",
    b"\0": "file",
    b"1": "hard link",
    b"2": "symlink",
    b"3": "character device",
    b"4": "block device",
    b"5": "directory",
    b"6": "fifo",
}


@dataclass(frozen=True)
class Problem:
    """What is wrong with an archive: its kind in a word or two, the member as written (if it is one's), and in full."""

    kind: str
    member: bytes | None
    message: str

    def __str__(self) -> str:
        where = "" if self.member is None else f"{printable(self.member)}: "
        return f"{self.kind}: {where}{self.message}"


class DamagedArchive(Exception):  # noqa: N818 - named for what it is
    """An archive can't be read to its end; `problem` says why."""

    def __init__(self, kind: str, message: str, member: bytes | None = None) -> None:
        self.problem = Problem(kind, member, message)
        super().__init__(str(self.problem))


@dataclass(frozen=True, slots=True)
class Member:
    """One member as the archive tells it: as `Entry`, but for `name`, which is as written, and the kind "hard link"."""

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
    """Take the parts out of a name that mean nothing."""
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    return (b"/" if name.startswith(b"/") else b"") + b"/".join(parts) or ROOT


def is_header(block: bytes) -> bool:
    """Tell whether a block's checksum is right: the sum of its bytes, with spaces for those of the sum itself."""
    stored = block[148:156]
    expected = sum(block) - sum(stored) + 8 * ord(" ")
    return bool(_CHECKSUM.fullmatch(stored)) and int(stored[:6], 8) == expected and block[257:265] in _MAGIC


def attributes_of(kind: bytes, body: bytes) -> dict[bytes, bytes]:
    """Read a member that isn't one but tells of the next: as the POSIX attributes it stands for."""
    if kind in b"LK":
        return {b"path" if kind == b"L" else b"linkpath": _text(body)}
    found = {}
    start = 0
    while start < len(body):
        space = body.find(b" ", start, start + 20)
        length = _integer(body[start:space]) if space > 0 else 0
        key, equals, value = body[space + 1 : max(0, start + length)].partition(b"=")
        if not 0 < length <= len(body) - start or not equals or not value.endswith(b"\n"):
            raise DamagedArchive("header", f"attributes that can't be read: {body[start : start + 80]!r}")
        if key.startswith(b"GNU.sparse"):
            raise DamagedArchive("unsupported", "a sparse member isn't read here")
        found[key] = value[:-1]
        start += length
    return found


class Header:
    """A header block, with the attributes that override it."""

    def __init__(self, block: bytes, attributes: Mapping[bytes, bytes]) -> None:
        self._block = block
        self.type = block[156:157]
        self.extends = _EXTENDS.get(self.type, "")
        self._attributes = {} if self.extends else attributes
        self.name = self._attributes.get(b"path") or self._own_name()
        self.size = self._integer(b"size", slice(124, 136))
        if self.size < 0:
            raise DamagedArchive("header", f"a size of {self.size} bytes can't be", self.name)

    def member(self, sha256: str) -> Member:
        """Put the member together, given its data's SHA-256."""
        kind = self._kind()
        link = self._attributes.get(b"linkpath") or _text(self._block[157:257])
        return Member(
            name=self.name,
            kind=kind,
            size=self.size,
            sha256=sha256 if kind == "file" else "",
            mode=_number(self._block[100:108]) & 0o7777,
            uid=self._integer(b"uid", slice(108, 116)),
            gid=self._integer(b"gid", slice(116, 124)),
            mtime_ns=self._mtime(),
            target=link if kind in ("symlink", "hard link") else b"",
        )

    def _own_name(self) -> bytes:
        own = _text(self._block[:100])
        # Where the format isn't POSIX's, GNU tar keeps other things in the place of the prefix.
        prefix = _text(self._block[345:500]) if self._block[257:263] == b"ustar\0" else b""
        return prefix + b"/" + own if prefix else own

    def _kind(self) -> str:
        kind = _KINDS.get(self.type)
        if not kind:
            raise DamagedArchive("unsupported", f"a member of type {self.type!r} isn't read here", self.name)
        if not self.name or (kind == "file" and self.name.endswith(b"/")) or (kind != "file" and self.size):
            raise DamagedArchive("header", f"a {kind} of {self.size} bytes and this name can't be", self.name)
        return kind

    def _integer(self, attribute: bytes, field: slice) -> int:
        given = self._attributes.get(attribute)
        return _number(self._block[field]) if given is None else _integer(given)

    def _mtime(self) -> int:
        given = self._attributes.get(b"mtime")
        if given is None:
            return _number(self._block[136:148]) * 10**9
        match = _TIME.fullmatch(given)
        if not match:
            raise DamagedArchive("header", f"a time of {given[:80]!r} can't be", self.name)
        amount = int(match[2]) * 10**9 + int((match[3] or b"")[:9].ljust(9, b"0"))
        return -amount if match[1] else amount


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _integer(digits: bytes) -> int:
    if not _NUMBER.fullmatch(digits):
        raise DamagedArchive("header", f"a number of {digits[:80]!r} can't be")
    return int(digits)


def _number(field: bytes) -> int:
    """Read octal digits or, as GNU tar writes what needs more, a big-endian number that its first bit marks."""
    if field[0] in (0x80, 0xFF):
        return int.from_bytes(field if field[0] == 0xFF else field[1:], "big", signed=field[0] == 0xFF)
    match = _OCTAL.fullmatch(field)
    if not match:
        raise DamagedArchive("header", f"a number of {field!r} can't be")
    return int(match[1] or b"0", 8)
