"""The old `./media` of a host that is to be migrated: everything that years of uploads can leave behind."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

from media_guarantees.media.awkward_names import plant_nasty_tree
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.manifest import Entry, Manifest

MEGABYTE = 1024 * 1024
# A name that a program prints as it is, however it prints others.
CLASH_NAME = "avatars/clash.png"
BIG_NAME = "event_banners/2019/video.mp4"

NASTY_FOLDER = "legacy"


def lay_out_legacy(root: Path, seed: int, *, big_bytes: int) -> Manifest:
    """Make the tree at `root`, with one file of `big_bytes` called `BIG_NAME`, and return its manifest."""
    rng = random.Random(seed)  # noqa: S311 - drawn from a seed so that a run can be repeated
    plant_nasty_tree(root / NASTY_FOLDER)
    for path in ("-top-level.jpg", ".top-level", "avatars/old one.png", CLASH_NAME, "event_banners/2019/01/deep.jpg"):
        write_file(root / path, rng.randbytes(3000))
    write_file(root / BIG_NAME, b"".join(rng.randbytes(64) * (MEGABYTE // 64) for _ in range(big_bytes // MEGABYTE)))
    return read_directory(root)


def write_file(path: Path, content: bytes) -> None:
    """Write a file that was last changed some years ago, at a time with nanoseconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o640)
    os.utime(path, ns=(0, 1_548_892_800_123_456_789))


def as_migrated(host: Manifest, volume: Manifest, uid: int, gid: int) -> Manifest:
    """Return what `volume` must hold after migrating `host`: the same, but the service's, who can always work on it.

    Folders that the volume has already keep what they are.
    """
    kept = {path for path, entry in volume.entries.items() if entry.kind == "directory"}
    entries = {path: _handed_over(entry, uid, gid) for path, entry in host.entries.items() if path not in kept}
    return Manifest(entries, host.links)


def as_far_as_judged(due: Manifest, host: Manifest, found: Manifest) -> Manifest:
    """Return `due` with what a migration may do either way as it was `found`.

    Owner and mode may be the host's or the service's: whether the service can work with them is seen by its working.
    The time of a directory says when something was put there.
    """
    entries = {
        path: _tolerant(entry, host.entries[path], found.entries.get(path)) for path, entry in due.entries.items()
    }
    return Manifest(entries, due.links)


def _tolerant(due: Entry, host: Entry, found: Entry | None) -> Entry:
    if found is None:
        return due
    either = {
        name: getattr(found if getattr(found, name) == getattr(host, name) else due, name)
        for name in ("uid", "gid", "mode")
    }
    return replace(due, **either, mtime_ns=found.mtime_ns if due.kind == found.kind == "directory" else due.mtime_ns)


def _handed_over(entry: Entry, uid: int, gid: int) -> Entry:
    access = {"file": 0o600, "directory": 0o700}.get(entry.kind, 0)
    # chmod(1), "X": what anybody may execute, the owner may too.
    execute = 0o100 if access and entry.mode & 0o111 else 0
    return replace(entry, uid=uid, gid=gid, mode=entry.mode | access | execute)


def restricted(manifest: Manifest, to: Manifest) -> Manifest:
    """Return the part of `manifest` that is about the paths of `to`."""
    return manifest.only(lambda path: path in to.entries)


def without_directories(manifest: Manifest) -> Manifest:
    """Return what `manifest` says of everything but directories, whose times change with what is in them."""
    return manifest.only(lambda path: manifest.entries[path].kind != "directory")
