"""What a deploy did to the media: the record from before it is compared with a scan after it.

Files that are missing, changed, of another owner or out of the service's reach are losses. New files are fine. Files
declared as removed (REMOVED) may be missing or changed. Unstable or unread files are counted, not judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from media_guarantees.core.text import readable_size
from media_guarantees.deployment.container_proc import User
from media_guarantees.gate.volume_scan import VolumeScan, entry_of, is_file
from media_guarantees.media.diff import Difference, differences_of
from media_guarantees.media.manifest import Entry

GONE, CHANGED, REOWNED, UNREACHABLE = "gone", "changed", "re-owned", "unreachable"
JUDGED = (GONE, CHANGED, REOWNED, UNREACHABLE)
MEANS = {
    GONE: "the deploy lost them: restore them from the last backup, or declare them as removed on purpose (REMOVED=…)",
    CHANGED: "the volume no longer holds what people uploaded: restore it from the last backup",
    REOWNED: "they have another owner now: the service may no longer be able to replace or delete them",
    UNREACHABLE: "the service can't read its media, or can't write into their directories",
}
DECLARED, UNSTABLE, UNREAD, MTIME_CHANGED, OTHER_MODE = "declared", "unstable", "unread", "another time", "another mode"
KEPT = 10_000  # differences of one kind that are remembered, not only counted

_CHANGES, _OWNERS = {"kind", "size", "content", "target"}, {"owner", "group"}
_READ, _WRITE, _PASS = 4, 2, 1


@dataclass
class Comparison:
    """The result of a comparison.

    `files` were compared, of `size` bytes; the contents of `read` of them by hash. `counts` counts paths by their
    verdict, `found` holds the differences of the first `KEPT` paths of each verdict.
    """

    files: int = 0
    size: int = 0
    read: int = 0
    new: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    found: dict[str, list[Difference]] = field(default_factory=dict)

    def note(self, verdict: str, differences: Iterable[Difference] = ()) -> None:
        """Count a path under a verdict, and keep its differences."""
        self.counts[verdict] += 1
        if self.counts[verdict] <= KEPT:
            self.found.setdefault(verdict, []).extend(differences)

    def summary(self) -> str:
        """Return one line: how much was compared, and how many paths have each verdict."""
        judged = ", ".join(f"{self.counts[verdict]} {verdict}" for verdict in JUDGED)
        others = (DECLARED, UNSTABLE, UNREAD, MTIME_CHANGED, OTHER_MODE)
        asides = [f"{self.counts[name]} {name}" for name in others if self.counts[name]]
        rest = f"; {self.new} new" + "".join(f", {aside}" for aside in asides)
        return f"{self.files} files, {readable_size(self.size)}, {self.read} of them by content: {judged}{rest}"


def compare(
    before: Iterable[tuple[bytes, bytes]],
    now: VolumeScan,
    *,
    users: tuple[User | None, User | None] = (None, None),
    removed: Callable[[bytes], bool] = lambda _: False,
) -> Comparison:
    """Compare each entry of `before` with the scan `now`.

    `users` are the users that the service ran as before and runs as now; `removed` says which paths may be missing or
    changed.
    """
    seen = Comparison()
    known = 0
    for path, was in before:
        line = now.entries.get(path)
        known += line is not None
        if is_file(was):
            seen.files += 1
            seen.size += int(was.split(b" ", 3)[2])
            seen.read += not was.startswith(b"- ") and line is not None and not line.startswith(b"- ")
        if path in now.unstable:
            seen.note(UNSTABLE)
        elif line is not None and users[0] == users[1] and equivalent(was, line):
            continue
        elif removed(path) and (line is None or is_file(was)):
            seen.note(DECLARED)
        elif line is None:
            _note_gone(seen, entry_of(path, was))
        else:
            _judge(seen, entry_of(path, was), entry_of(path, line), users)
            if is_file(was) and is_file(line) and not is_conclusive(was, line):
                seen.note(UNREAD)
    seen.new = len(now.entries) - known
    return seen


def equivalent(was: bytes, line: bytes) -> bool:
    """Whether two lines are equal; a content that was not read equals any other."""
    if was == line:
        return True
    (old, _, rest), (new, _, others) = was.partition(b" "), line.partition(b" ")
    return rest == others and b"-" in (old, new)


def is_conclusive(was: bytes, line: bytes) -> bool:
    """Whether two lines show if the content changed: both have its hash, or sizes differ, or no time has changed."""
    old, new = was.split(b" ", 8), line.split(b" ", 8)
    return b"-" not in (old[0], new[0]) or old[2] != new[2] or old[6:8] == new[6:8]


def _note_gone(seen: Comparison, before: Entry) -> None:
    if before.kind != "directory":  # people upload files; an empty directory holds none
        seen.note(GONE, differences_of(before, None))


def _judge(seen: Comparison, before: Entry, after: Entry, users: tuple[User | None, User | None]) -> None:
    if not (before.sha256 and after.sha256):
        before, after = replace(before, sha256=""), replace(after, sha256="")
    differences = {each.aspect: each for each in differences_of(before, after)}
    for verdict, aspects in ((CHANGED, _CHANGES), (REOWNED, _OWNERS)):
        if found := [each for aspect, each in differences.items() if aspect in aspects]:
            seen.note(verdict, found)
    old, new = access(before, users[0], owner=before), access(after, users[1], owner=before)
    if old & ~new & (_READ if before.kind == "file" else _READ | _WRITE | _PASS) and before.kind != "symlink":
        seen.note(UNREACHABLE, [Difference(before.path, "access", rwx(old), rwx(new))])
    for aspect, aside in (("mtime", MTIME_CHANGED), ("mode", OTHER_MODE)):
        if aspect in differences and before.kind == "file":
            seen.note(aside)


def access(entry: Entry, user: User | None, *, owner: Entry) -> int:
    """Return what `user` may do with an entry, as in its mode: 4 to read, 2 to write, 1 to pass through.

    If the service's user is unknown (None), the owner of `owner` is used.
    """
    user = user or User(owner.uid, (owner.gid,))
    if user.uid == 0:
        return _READ | _WRITE | _PASS
    shift = 6 if entry.uid == user.uid else 3 if entry.gid in user.gids else 0
    return entry.mode >> shift & 7


def rwx(rights: int) -> str:
    """Return rights as `ls` prints them."""
    return "".join(letter if rights & bit else "-" for letter, bit in (("r", _READ), ("w", _WRITE), ("x", _PASS)))
