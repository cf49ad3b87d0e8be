"""The manifest of a directory on this host.

Names are bytes all the way, so that every name can be represented: `os` works on those, `pathlib` doesn't.
"""
# ruff: noqa: PTH115, PTH118, PTH123, PTH208

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from media_guarantees.core import journal
from media_guarantees.media.manifest import ROOT, Manifest, printable
from media_guarantees.media.stable_scan import ChangedWhileReading, Stat, build_manifest, require_unchanged

_PIECE = 1 << 20
_GONE = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.ENXIO,
}  # vanished, or of another kind than just before
_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}


def read_directory(path: str | Path) -> Manifest:
    """Make a manifest of a directory on this host; below `path` itself no symbolic link is followed.

    Raises `ChangedWhileReading` where the tree didn't hold still, OSError where something can't be read.
    """
    root = os.fsencode(os.path.realpath(path))
    with os.scandir(root):
        pass  # a root that can't be listed is an error of its own: nothing changed
    try:
        before = {seen.path: seen for seen in _walk(root)}
        files = [seen for seen in before.values() if seen.kind == "file"]
        with journal.step("hashing", total=sum(seen.size for seen in files), kind="work") as work:
            hashes = dict[bytes, str]()
            for seen in files:
                hashes[seen.path] = _sha256(os.path.join(root, seen.path))
                work.advance(seen.size)
        after = {seen.path: seen for seen in _walk(root)}
    except OSError as error:
        if error.errno not in _GONE:
            raise
        name = printable(os.fsencode(error.filename))
        raise ChangedWhileReading(f"while it was read, {name} vanished or was replaced") from error
    require_unchanged(before, hashes, after)
    return build_manifest(before, hashes)


def sizes_below(path: str | Path) -> dict[bytes, int]:
    """Return the size of everything in a directory on this host, by its path, as far as it is there to be looked at."""
    root = os.fsencode(os.path.realpath(path))
    names = (os.path.join(folder, name) for folder, *below in os.walk(root) for name in (*below[0], *below[1]))
    found = dict[bytes, int]()
    for name in names:
        with suppress(OSError):
            found[os.path.relpath(name, root)] = os.lstat(name).st_size
    return found


def _walk(root: bytes) -> Iterator[Stat]:
    waiting = [ROOT]
    while waiting:
        seen = _observed(root, waiting.pop())
        yield seen
        if seen.kind == "directory":
            below = os.listdir(os.path.join(root, seen.path))
            waiting += below if seen.path == ROOT else [os.path.join(seen.path, name) for name in below]


def _observed(root: bytes, path: bytes) -> Stat:
    full = os.path.join(root, path)
    status = os.lstat(full)
    kind = _KINDS[stat.S_IFMT(status.st_mode)]
    target = os.readlink(full) if kind == "symlink" else b""
    return Stat(
        path, kind, status.st_size, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid,
        status.st_mtime_ns, status.st_ctime_ns, b"%d:%d" % (status.st_dev, status.st_ino), target,
    )  # fmt: skip


def _sha256(path: bytes) -> str:
    # Neither through a link nor waiting for a fifo's writer, should a file just have been replaced by one.
    digest = hashlib.sha256()
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
