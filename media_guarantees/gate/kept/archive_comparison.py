"""A real archive compared with the live volume, into which people have uploaded since.

A file that is not in the archive may be newer than it, which is fine, or was left out, which is a loss. Which of the
two it is depends on when the file came and on when the archive was taken. Nothing shows either exactly, so each is
judged by bounds, and nothing is accused that may be newer:

- A file came when the latest of its times says: content (mtime), inode (birth) and status (ctime). A `chmod -R` or
  `chown -R`, which many services do at each start, gives files of the archive too a new ctime. Where that happened at
  the time of a file's ctime, its ctime is left out.
- The backup had begun by the start of the day in the archive's name. It had not ended before the newest thing that the
  archive holds, and lasted at most `longest_run`. When `tar` read a directory, that had changed last at the time which
  the archive has of it: what came into it until then is in the archive.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from media_guarantees.core.text import nanoseconds, readable_size
from media_guarantees.gate.volume_scan import VolumeScan
from media_guarantees.media.manifest import ROOT, Entry, Manifest

IDENTICAL, CHANGED_SINCE, NEW_SINCE, GONE_SINCE, UNSTABLE = (
    "identical", "changed since", "new since", "gone since", "changing now",
)  # fmt: skip
MOVED_SINCE, OTHER_OWNER_SINCE = "moved since", "of another owner since"
LOST, DIFFERENT, REOWNED, RENAMED, LATE = ("lost", "different", "of another owner", "renamed", "late")
JUDGED = (LOST, DIFFERENT, REOWNED, RENAMED, LATE)

SLOWEST = 5_000_000  # bytes a second that a backup reads at the least
OVERHEAD = 900.0  # seconds beside that
MOMENT = 5.0  # seconds between the parts of one upload: content, mode, owner, name


@dataclass(frozen=True)
class Taken:
    """When an archive was taken. `written` is when its file was last written, in seconds since the epoch.

    `day_begins` is when the day in its name began where it was made; None without a day.
    """

    written: float
    day_begins: float | None = None


@dataclass
class ArchiveComparison:
    """How the files of an archive and of the live volume differ: how many of each kind, their bytes, and their paths.

    `newest` is the time of the newest thing in the archive, and `oldest_since` when the first of what came since came:
    seconds since the epoch, None where there is none. `elsewhere` holds, by path, where the archive has a file of the
    same content, which the volume has no more.
    """

    counts: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)
    found: dict[str, list[bytes]] = field(default_factory=dict)
    elsewhere: dict[bytes, bytes] = field(default_factory=dict)
    newest: float | None = None
    oldest_since: float | None = None

    def note(self, kind: str, entry: Entry) -> None:
        """Count a path under a kind, and keep it."""
        self.counts[kind] += 1
        self.sizes[kind] += entry.size
        self.found.setdefault(kind, []).append(entry.path)

    def note_since(self, kind: str, entry: Entry, came: float) -> None:
        """Count what came since the archive was taken."""
        self.note(kind, entry)
        self.oldest_since = came if self.oldest_since is None else min(came, self.oldest_since)

    @property
    def since(self) -> tuple[int, int]:
        """How many files came or changed since the archive was taken, and their bytes."""
        kinds = (NEW_SINCE, CHANGED_SINCE, LATE)
        return sum(self.counts[kind] for kind in kinds), sum(self.sizes[kind] for kind in kinds)

    @property
    def shared(self) -> int:
        """How many files are in both."""
        return sum(self.counts[kind] for kind in (IDENTICAL, CHANGED_SINCE, DIFFERENT))

    def summary(self) -> str:
        """Return one line: how many files are of each kind."""
        always = (IDENTICAL, CHANGED_SINCE, NEW_SINCE, LOST, GONE_SINCE)
        others = (DIFFERENT, REOWNED, RENAMED, LATE, MOVED_SINCE, OTHER_OWNER_SINCE, UNSTABLE)
        shown = [f"{self.counts[kind]} {kind}" for kind in (*always, *filter(self.counts.get, others))]
        return f"{', '.join(shown)} ({readable_size(self.sizes[IDENTICAL])} identical)"


def compare_archive(
    live: VolumeScan, archived: Manifest, taken: Taken, *, born: Mapping[bytes, float] | None = None
) -> ArchiveComparison:
    """Compare the media in an archive with a scan of the live volume, all of whose contents were read.

    `born` holds when the inodes of some paths of the volume were made, in seconds since the epoch, where that is known.
    """
    return _Comparing(live, archived, taken, born or {}).compared()


def longest_run(archived: Manifest) -> float:
    """Return how many seconds the backup that made an archive may have taken, at the most."""
    return OVERHEAD + archived.total_bytes / SLOWEST


class _Comparing:
    def __init__(self, live: VolumeScan, archived: Manifest, taken: Taken, born: Mapping[bytes, float]) -> None:
        self._live = live
        self._now = live.manifest().entries
        self._archived = archived.entries
        self._taken = taken
        self._born = born
        self._seen = ArchiveComparison()
        times = (each.mtime_ns / 1e9 for each in self._archived.values())
        self._newest = max((time for time in times if 0 < time <= taken.written), default=None)
        self._seen.newest = self._newest
        self._longest = longest_run(archived)
        self._latest = _latest_of_each(archived)
        self._swept = sorted(self._swept_times())

    def compared(self) -> ArchiveComparison:
        gone = self._gone()
        for path in sorted(self._now):
            now, then = self._now[path], self._archived.get(path)
            if then is None:
                self._judge_absent(now, gone)
            else:
                self._judge_both(now, then)
        for path in self._live.unstable:
            self._seen.counts[UNSTABLE] += path in self._live.entries
        return self._seen

    def _gone(self) -> dict[str, bytes]:
        """Note what the volume has no more; return where the archive has each content of it."""
        places: dict[str, bytes] = {}
        for path, then in self._archived.items():
            if path not in self._live.entries and then.kind != "directory":
                self._seen.note(GONE_SINCE, then)
                if then.size:
                    places[then.sha256] = path
        return places

    def _judge_absent(self, now: Entry, gone: Mapping[str, bytes]) -> None:
        if now.kind in {"directory", "socket"}:  # an empty directory holds nothing; tar can't hold a socket
            return
        if now.size and (was := gone.get(now.sha256)):
            self._seen.elsewhere[now.path] = was
            self._seen.note(RENAMED if self._is_renamed_directory(was, now.path) else MOVED_SINCE, now)
            return
        came = self._came(now)
        if self._was_there(now.path, came):
            self._seen.note(LOST, now)
        elif self._is_before_day(came):
            self._seen.note_since(LATE, now, came)
        else:
            self._seen.note_since(NEW_SINCE, now, came)

    def _is_renamed_directory(self, was: bytes, path: bytes) -> bool:
        """Whether the directory at the top of the path `was` is gone, and that of `path` was not there yet.

        What moves below or between directories is the platform's daily work.
        """
        old, new = (each.partition(b"/") for each in (was, path))
        return bool(old[1] and new[1]) and old[0] not in self._live.entries and new[0] not in self._archived

    def _judge_both(self, now: Entry, then: Entry) -> None:
        if now.kind == then.kind == "directory":  # a scan has no times of it, and what is in it is judged
            return
        if _same(now, then):
            self._seen.note(IDENTICAL, now)
            self._judge_owner(now, then)
        else:
            came = self._came(now)
            written_then = then.mtime_ns // 10**9
            if (now.mtime_ns // 10**9 == written_then and came <= written_then + MOMENT) or self._was_there(
                now.path, came
            ):
                self._seen.note(DIFFERENT, now)
            elif self._is_before_day(came):
                self._seen.note_since(LATE, now, came)
            else:
                self._seen.note_since(CHANGED_SINCE, now, came)

    def _judge_owner(self, now: Entry, then: Entry) -> None:
        if (now.uid, now.gid) != (then.uid, then.gid):
            changed = self._ctime(now.path)
            before = changed <= then.mtime_ns / 1e9 + MOMENT or self._was_there(now.path, changed)
            self._seen.note(REOWNED if before else OTHER_OWNER_SINCE, now)

    def _came(self, now: Entry) -> float:
        """Return when a file came, at the earliest; a whole second."""
        times = [now.mtime_ns / 1e9, self._born.get(now.path, 0.0)]
        ctime = self._ctime(now.path)
        if not _near(self._swept, ctime):
            times.append(ctime)
        return float(max(times) // 1)

    def _ctime(self, path: bytes) -> float:
        return nanoseconds(self._live.entries[path].split(b" ", 8)[7]) / 1e9

    def _swept_times(self) -> Iterator[float]:
        """Yield each ctime that a file of the archive, unchanged since, got long after its content."""
        for path, then in self._archived.items():
            now = self._now.get(path)
            if now and then.kind == "file" and _same(now, then) and now.mtime_ns // 10**9 == then.mtime_ns // 10**9:
                ctime = self._ctime(path)
                if ctime > now.mtime_ns / 1e9 + MOMENT:
                    yield ctime

    def _was_there(self, path: bytes, came: float) -> bool:
        """Whether what came at that time was certainly there when the archive was taken."""
        if self._newest is None:  # it holds nothing that could date it
            return self._taken.day_begins is not None and came < self._day_begins
        if came < self._newest - self._longest or self._was_listed(path, came):
            return True
        return came <= self._newest and self._is_before_day(came)

    def _was_listed(self, path: bytes, came: float) -> bool:
        """Whether its directory had changed later than that when it was archived.

        Or in that very second, which nothing else in the archive explains: people upload many files in one second.
        """
        directory, time = self._directory_of(path)
        return came + 1 < time or (came <= time and self._latest.get(directory, 0.0) < time - MOMENT)

    def _is_before_day(self, came: float) -> bool:
        return self._taken.day_begins is not None and came < self._day_begins

    @property
    def _day_begins(self) -> float:
        """When the day in its name began; one on which it was not written yet says nothing."""
        begins = self._taken.day_begins
        return 0.0 if begins is None or begins > self._taken.written else begins

    def _directory_of(self, path: bytes) -> tuple[bytes, float]:
        """Return the nearest directory above `path` that is in the archive, and when it had changed last."""
        for directory in _above(path):
            if found := self._archived.get(directory):
                time = float(found.mtime_ns // 10**9)
                return directory, time if found.kind == "directory" and time <= self._taken.written else 0.0
        return ROOT, 0.0


def _latest_of_each(archived: Manifest) -> dict[bytes, float]:
    """Return the time of the newest file in each directory."""
    latest: dict[bytes, float] = {}
    for each in archived.entries.values():
        directory = each.path.rpartition(b"/")[0] or ROOT
        if each.kind != "directory":
            latest[directory] = max(latest.get(directory, 0.0), each.mtime_ns / 1e9)
    return latest


def _same(now: Entry, then: Entry) -> bool:
    one, other = ((each.kind, each.size, each.sha256, each.target) for each in (now, then))
    return one == other


def _above(path: bytes) -> Iterator[bytes]:
    while b"/" in path:
        path = path.rpartition(b"/")[0]
        yield path
    yield ROOT


def _near(times: list[float], time: float) -> bool:
    """Whether one of the sorted `times` is within a moment of `time`."""
    at = bisect_left(times, time - MOMENT)
    return at < len(times) and times[at] <= time + MOMENT
