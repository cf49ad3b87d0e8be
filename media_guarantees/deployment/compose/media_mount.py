"""Where a service keeps its media: the mount that covers the media root, and where below it the media lie.

A volume need not be mounted at the media root itself: many images mount their whole data folder. What counts is the
mount that a file written to the media root ends up in.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from media_guarantees.core.errors import PromiseBroken


@dataclass(frozen=True)
class Mount:
    """A mount of a container: `kind` is ``volume``, ``bind`` or ``tmpfs``.

    `source` is the real name of a volume (with the project's prefix where Compose adds one), empty if anonymous, or the
    path of a directory of the host. `subpath` is the folder of the volume that is mounted, empty for all of it.
    """

    kind: str
    source: str
    target: str
    read_only: bool
    subpath: str = ""

    def covers(self, path: str) -> bool:
        """Whether what is written to `path`, normalized, may end up here."""
        return path == self.target or path.startswith(self.target.rstrip("/") + "/")

    def folder_of(self, path: str) -> str:
        """Return where `path` lies in the volume or directory, relative to its root; "" for the root itself."""
        folder = posixpath.normpath(posixpath.join(self.subpath, posixpath.relpath(path, self.target)))
        return "" if folder == "." else folder


def covering_mount(mounts: Iterable[Mount], path: str) -> Mount | None:
    """Return the mount that a file written to `path` ends up in: of those that cover it, the innermost."""
    return max((mount for mount in mounts if mount.covers(path)), key=lambda mount: len(mount.target), default=None)


def mounts_of(inspected: Mapping[str, Any]) -> tuple[Mount, ...]:
    """Return what the engine mounts in a container; `inspected` is what it says of it."""
    asked_for: Sequence[Mapping[str, Any]] = inspected.get("HostConfig", {}).get("Mounts") or ()
    subpaths = {
        posixpath.normpath(asked["Target"]): (asked.get("VolumeOptions") or {}).get("Subpath", "")
        for asked in asked_for
    }
    return tuple(
        Mount(
            str(mount["Type"]),
            str(mount.get("Name") or mount.get("Source", "")),
            target := posixpath.normpath(mount["Destination"]),
            not mount.get("RW", True),
            subpaths.get(target, ""),
        )
        for mount in inspected["Mounts"]
    )


def require_mount(mounts: Sequence[Mount], path: str, where: str) -> Mount:
    """Return the mount that keeps what is written to `path` in `where`, a service or container by name.

    Raises `PromiseBroken` where there is none.
    """
    if found := covering_mount(mounts, path):
        return found
    others = ", ".join(f"{mount.source or mount.kind} at {mount.target}" for mount in mounts) or "nothing"
    raise PromiseBroken(
        f"nothing is mounted at {path} in {where}, or above it; it mounts {others}",
        means="media are written into the container itself and vanish with it, at the next deploy",
        next_step=_next_step(path),
    )


def require_volume(mount: Mount, path: str, where: str) -> str:
    """Return the name of the volume of `mount`. Raises `PromiseBroken` where it is of something else."""
    if mount.kind == "volume":
        return mount.source
    raise PromiseBroken(
        f"{path} in {where} is backed by a {mount.kind}, not by a named volume",
        means="the guide's backup and restore commands, which name a volume, don't reach these media",
        next_step=_next_step(path),
    )


def _next_step(path: str) -> str:
    return f"mount a named volume there in the compose file, with the volume's name in place of NAME:  NAME:{path}"
