"""What /proc shows in a container: its own mounts, and the user of its main process."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

from media_guarantees.deployment.compose.media_mount import Mount


@dataclass(frozen=True)
class User:
    """The user and the groups, numeric, that the service's main process runs as."""

    uid: int
    gids: tuple[int, ...]

    def __str__(self) -> str:
        """Return the user and the first group."""
        return f"{self.uid}:{self.gids[0] if self.gids else '?'}"


@dataclass(frozen=True)
class InnerMount:
    """A mount as a container's processes see it; `root` is the folder of its file system that is mounted."""

    point: str
    root: str
    kind: str
    writable: bool

    @property
    def mount(self) -> Mount:
        """The same as a mount of the engine, which doesn't list it: memory, or what was mounted later."""
        return Mount(self.kind, "", self.point, not self.writable)

    def shows(self, path: str) -> str:
        """Return the folder of its file system that is seen at `path`, which it covers."""
        return posixpath.normpath(posixpath.join(self.root, posixpath.relpath(path, self.point)))


def covering_inner(mounts: Iterable[InnerMount], path: str) -> InnerMount | None:
    """Return the mount that is seen at `path`: of those that cover it, the innermost, and of these the last."""
    covering = [each for each in mounts if each.mount.covers(path)]
    return max(reversed(covering), key=lambda each: len(each.point), default=None)


def read_mountinfo(text: str, path: str) -> tuple[InnerMount, ...]:
    """Read /proc/self/mountinfo: the mounts above, at and below `path`, but for the container's own file system."""
    mounts = map(_read_mount, text.splitlines())
    near = (each for each in mounts if each.mount.covers(path) or f"{each.point}/".startswith(f"{path}/"))
    return tuple(each for each in near if each.point != "/")


def _read_mount(line: str) -> InnerMount:
    """Read a line of mountinfo (proc(5)), where blanks in names are octal escapes."""
    fields = line.split(" ")
    root, point = (re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), name) for name in fields[3:5])
    return InnerMount(point, root, fields[fields.index("-") + 1], "rw" in fields[5].split(","))


def read_user(status: str) -> User | None:
    """Read /proc/<pid>/status: the user and the groups in effect; None where it doesn't name them."""
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    if "Uid" not in fields:
        return None
    # proc(5): real, effective, saved and file system id
    gids = (fields["Gid"].split()[1], *fields.get("Groups", "").split())
    return User(int(fields["Uid"].split()[1]), tuple(dict.fromkeys(map(int, gids))))
