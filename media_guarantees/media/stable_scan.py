"""A tree as it was seen before and after its files were read, and the manifest if nothing moved in between.

Either way of reading a live tree observes it, reads its files, and observes it again: a manifest is of one
state of the tree or it isn't made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from media_guarantees.media.manifest import ROOT, Entry, Manifest, printable


class IncompleteListing(Exception):  # noqa: N818 - named for what happened
    """A listing was cut off, or something in the tree couldn't be read: there is no manifest."""


class ChangedWhileReading(Exception):  # noqa: N818 - named for what happened
    """The tree changed while it was read, so that a manifest would be of no state that it ever had."""


class Stat(NamedTuple):
    """An entry as observed, without its content.

    `changed_ns` is the inode's own time of change, which no program can set; `inode` tells files apart.
    """

    path: bytes
    kind: str
    size: int
    mode: int
    uid: int
    gid: int
    mtime_ns: int
    changed_ns: int
    inode: bytes
    target: bytes


def require_unchanged(
    before: Mapping[bytes, Stat], hashes: Mapping[bytes, str] | None, after: Mapping[bytes, Stat]
) -> None:
    """Raise `ChangedWhileReading` unless both scans are the same and what was read are their files.

    `hashes` is None where it isn't known what was read.
    """
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    if hashes is not None:
        changed |= hashes.keys() ^ {path for path, seen in before.items() if seen.kind == "file"}
    if changed:
        names = ", ".join(printable(path) for path in sorted(changed)[:10])
        more = f" and {len(changed) - 10} more" if len(changed) > 10 else ""
        raise ChangedWhileReading(f"while it was read, the tree changed: {names}{more}")


def build_manifest(observed: Mapping[bytes, Stat], hashes: Mapping[bytes, str]) -> Manifest:
    """Join what was observed and what was read; raises `IncompleteListing` where even the root is missing."""
    if ROOT not in observed:
        raise IncompleteListing("the listing lacks the tree's root")
    names: dict[bytes, set[bytes]] = {}
    for seen in observed.values():
        if seen.kind != "directory":
            names.setdefault(seen.inode, set()).add(seen.path)
    groups = frozenset(frozenset(group) for group in names.values() if len(group) > 1)
    return Manifest({path: _entry(seen, hashes.get(path, "")) for path, seen in observed.items()}, groups)


def _entry(seen: Stat, sha256: str) -> Entry:
    size = seen.size if seen.kind == "file" else 0
    return Entry(seen.path, seen.kind, size, sha256, seen.mode, seen.uid, seen.gid, seen.mtime_ns, seen.target)
