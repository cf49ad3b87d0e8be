"""The manifest of a volume, listed by GNU tools inside a container that mounts it.

What find's directives print is documented in its manual, under "Format Directives"; `-z` of sha256sum ends its
lines with NUL and leaves names alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from media_guarantees.core.text import nanoseconds
from media_guarantees.media.manifest import Manifest, printable
from media_guarantees.media.stable_scan import IncompleteListing, Stat, build_manifest, require_unchanged

_SCRIPT = r"""
set -o pipefail
export LC_ALL=C CDPATH=
cd -- "${1:-.}" || exit
exec 3>&1
statuses=() errors=
attempt() { errors+=$("$@" 2>&1 >&3); statuses+=("$?"); }
observe() { find . -printf '%p\0%y\0%s\0%m\0%U\0%G\0%T@\0%C@\0%D:%i\0%l\0'; }
contents() { find . -type f -print0 | xargs -0 -r sha256sum -z --; }
printf 'listing 1\0'
attempt observe
printf 'contents\0'
attempt contents
printf 'again\0'
attempt observe
printf 'complete\0'
printf '%s\0' "${statuses[@]}" "$errors"
"""
LISTING: tuple[str, ...] = ("bash", "-c", _SCRIPT, "listing")
"""Arguments of a command that lists the directory it runs in, or the one named by one argument more.

Needs bash and GNU's find, xargs and sha256sum, and no terminal. `read_listing` takes its standard output. Its status
is 0 if it ran to its end: errors on the way are in the listing."""

_PIECE = 1 << 20
_WIDTH = 10
_STEPS = ("find", "find | xargs sha256sum", "find, once more,")
_HASHED = re.compile(rb"([0-9a-f]{64}) [ *](.+)", re.DOTALL)
KINDS = {
    b"f": "file",
    b"d": "directory",
    b"l": "symlink",
    b"p": "fifo",
    b"s": "socket",
    b"c": "character device",
    b"b": "block device",
}
"""What an entry is, by the letter that find prints for it (its manual, "%y")."""


def read_listing(source: bytes | BinaryIO | Iterable[bytes]) -> Manifest:
    """Make a manifest of what the `LISTING` command wrote to its standard output.

    Raises `IncompleteListing` where the command didn't get to its end or met an error, and
    `ChangedWhileReading` where the tree didn't hold still.
    """
    fields = _fields(_pieces(source))
    if next(fields, b"") != b"listing 1":
        raise IncompleteListing("the listing has no beginning: its command didn't start, or saw no directory")
    before = _stats(fields, until=b"contents")
    hashes = _hashes(fields, until=b"again")
    after = _stats(fields, until=b"complete")
    ends = tuple(fields)
    if len(ends) != len(_STEPS) + 1:
        raise IncompleteListing("the listing's end marker is cut off")
    *statuses, errors = ends
    require_unchanged(before, hashes if statuses[1] == b"0" else None, after)
    _expect_success(statuses, errors)
    return build_manifest(before, hashes)


def _pieces(source: bytes | BinaryIO | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(source, bytes):
        return (source,)
    read = getattr(source, "read", None)  # a file's own iteration is by line, and these have none
    return iter(lambda: read(_PIECE), b"") if read else source


def _fields(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole
    if rest:
        raise IncompleteListing(f"the listing is cut off in the middle, after {printable(rest[-200:])}")


def _section(fields: Iterator[bytes], width: int, until: bytes) -> Iterator[tuple[bytes, ...]]:
    # A marker can't be taken for a record: a record's first field begins with "." or is a hash.
    for first in fields:
        if first == until:
            return
        yield (first, *islice(fields, width - 1))
    raise IncompleteListing(f"the listing is cut off before its part {until.decode()!r}")


def _stats(fields: Iterator[bytes], until: bytes) -> dict[bytes, Stat]:
    seen = (_seen(record) for record in _section(fields, _WIDTH, until))
    return {entry.path: entry for entry in seen}


def _seen(record: tuple[bytes, ...]) -> Stat:
    try:
        path, kind, size, mode, uid, gid, mtime, changed, inode, target = record
        numbers = (int(size), int(mode, 8), int(uid), int(gid), nanoseconds(mtime), nanoseconds(changed))
        return Stat(_relative(path), KINDS[kind], *numbers, inode, target)
    except (ValueError, KeyError) as error:
        raise IncompleteListing(f"the listing holds a damaged record: {record!r}") from error


def _relative(path: bytes) -> bytes:
    return path.removeprefix(b"./")


def _hashes(fields: Iterator[bytes], until: bytes) -> dict[bytes, str]:
    found = {}
    for (line,) in _section(fields, 1, until):
        match = _HASHED.fullmatch(line)
        if not match:
            raise IncompleteListing(f"the listing holds a damaged hash: {line!r}")
        found[_relative(match[2])] = match[1].decode()
    return found


def _expect_success(statuses: Sequence[bytes], errors: bytes) -> None:
    ends = zip(_STEPS, statuses, strict=True)
    failed = [f"{step} ended with status {printable(status)}" for step, status in ends if status != b"0"]
    if failed or errors:
        messages = errors.decode("utf-8", "backslashreplace")
        raise IncompleteListing(f"something couldn't be read: {'; '.join(failed)}\n{messages}")
