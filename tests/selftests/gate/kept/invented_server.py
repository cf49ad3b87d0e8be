"""An invented server: a volume with weeks of uploads, and the archives that cron made of it, as real tar files."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone, tzinfo
from typing import BinaryIO

from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.gate.kept.archive_choice import Choice, KeptArchive, choose, names_like
from media_guarantees.gate.kept.archive_comparison import ArchiveComparison, compare_archive
from media_guarantees.gate.kept.archive_findings import (
    Clock,
    expect_complete,
    expect_enough,
    expect_little_since,
    expect_own_day,
    expect_whole,
    expect_young,
    taken,
)
from media_guarantees.gate.kept.archive_request import ArchiveRequest
from media_guarantees.gate.restore_drill.archive_drill import Picked, examine_archive
from media_guarantees.gate.volume_scan import VolumeScan

HOUR, DAY = 3600.0, 86400.0
NOW = datetime(2026, 11, 25, 12, tzinfo=timezone.utc).timestamp()
LAST_NIGHT = NOW - 9 * HOUR  # 03:00 of the same day
PRINTED = "/backup/media_backup_$(date +%Y%m%d).tar.gz"
SERVICE = 10001
LIMITS = ArchiveRequest("backups", max_age=26 * HOUR, max_rpo=26 * HOUR, min_kept=7)


@dataclass(frozen=True)
class File:
    """A file of the volume. `came` is when its content was written, `touched` its status, `made` its inode, in seconds.

    Those that are not given are as `came` says.
    """

    content: bytes
    came: float
    touched: float = 0.0
    made: float = 0.0
    owner: tuple[int, int] = (SERVICE, SERVICE)
    target: str = ""

    @property
    def ctime(self) -> float:
        """When its status changed last."""
        return self.touched or self.came


def uploads() -> dict[str, File]:
    """Return the pictures of 20 days: one every two hours, into each of the three directories in turn."""
    directories = ("avatars", "event_banners", "profile_pictures")
    return {
        f"{directories[n % 3]}/{n:03}.jpg": File(f"picture {n}".encode() * (n % 7 + 1), NOW - 20 * DAY + 2 * n * HOUR)
        for n in range(240)
    }


def as_of(files: Mapping[str, File], time: float) -> dict[str, File]:
    """Return the files that were there at a time."""
    return {path: each for path, each in files.items() if max(each.came, each.made) <= time}


def scan_of(files: Mapping[str, File]) -> VolumeScan:
    """Return what a scan of a volume with these files reads."""
    lines = {}
    for path, each in files.items():
        kind, digest = ("l", "-") if each.target else ("f", hashlib.sha256(each.content).hexdigest())
        about = f"{len(each.content)} 644 {each.owner[0]} {each.owner[1]} {each.came:.9f} {each.ctime:.9f} 1 1:2"
        lines[path.encode()] = f"{digest} {kind} {about} {each.target}".encode()
    directories = {"."} | {path.rpartition("/")[0] for path in files if "/" in path}
    lines |= {name.encode(): b"- d 0 755 10001 10001 0 0 1 0:0 " for name in directories}
    return VolumeScan(lines)


def members(files: Mapping[str, File], *, root: str = ".", directories: bool = True) -> Iterator[tarfile.TarInfo]:
    """Yield the members of an archive of these files, in the order in which tar walks."""
    if directories:
        names = {path.rpartition("/")[0] for path in files if "/" in path}
        yield _directory(root, min((each.came for each in files.values()), default=LAST_NIGHT))
        for name in sorted(names):
            inside = [max(each.came, each.made) for path, each in files.items() if path.startswith(f"{name}/")]
            yield _directory(f"{root}/{name}", max(inside))
    for path, each in sorted(files.items()):
        info = tarfile.TarInfo(f"{root}/{path}")
        info.size, info.mtime, (info.uid, info.gid) = len(each.content), int(each.came), each.owner
        if each.target:
            info.type, info.linkname, info.size = tarfile.SYMTYPE, each.target, 0
        yield info


def _directory(name: str, changed: float) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mtime, info.mode, info.uid, info.gid = tarfile.DIRTYPE, int(changed), 0o755, SERVICE, SERVICE
    return info


def packed(
    files: Mapping[str, File],
    *,
    mode: str = "w:gz",
    root: str = ".",
    directories: bool = True,
    edit: Callable[[tarfile.TarInfo], tarfile.TarInfo | None] = lambda info: info,
    extra: tuple[tarfile.TarInfo, ...] = (),
) -> bytes:
    """Return a tar archive of files; `edit` changes members, or leaves them out."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode, format=tarfile.GNU_FORMAT) as archive:  # type: ignore[call-overload]
        for info in (*members(files, root=root, directories=directories), *extra):
            content = files[info.name.removeprefix(f"{root}/")].content if info.isreg() and info not in extra else b""
            if (changed := edit(info)) is not None:
                archive.addfile(changed, io.BytesIO(content[: changed.size]))
    return stream.getvalue()


def dated(time: float, zone: tzinfo = timezone.utc) -> str:
    """Return how cron calls the archive that it begins at a time."""
    return f"media_backup_{datetime.fromtimestamp(time, zone):%Y%m%d}.tar.gz"


@dataclass
class Server:
    """What is live, the archive that is tried, and those beside it. A case changes what it needs.

    `archive` is of the size that counts for MIN_KEPT; `others` are the days of the archives beside it, before it.
    """

    live: dict[str, File] = field(default_factory=uploads)
    archive: bytes = b""
    name: str = dated(LAST_NIGHT)
    written: float = LAST_NIGHT + 20
    others: list[KeptArchive] = field(default_factory=list)
    request: ArchiveRequest = LIMITS
    zone: tzinfo = timezone.utc
    printed: str = PRINTED

    def __post_init__(self) -> None:
        """Take last night's backup, and those of the nights before."""
        self.archive = self.archive or packed(self.then())
        self.others = [KeptArchive(dated(LAST_NIGHT - n * DAY), 1000, LAST_NIGHT - n * DAY + 20) for n in range(1, 10)]

    def then(self, time: float = LAST_NIGHT) -> dict[str, File]:
        """What was in the volume at a time."""
        return as_of(uploads(), time)

    def limits(self, **limits: float | None) -> None:
        """Set other limits."""
        self.request = replace(self.request, **limits)  # type: ignore[arg-type]

    def listed(self) -> list[KeptArchive]:
        """Return the archives of the folder."""
        others = [each for each in self.others if each.name != self.name]
        return [*others, KeptArchive(self.name, len(self.archive), self.written)]

    @contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """Open the archive."""
        assert name == self.name
        yield io.BytesIO(self.archive)

    def clock(self) -> Clock:
        """Return the time there."""
        return Clock(NOW, self.zone)

    def choice(self) -> Choice:
        """Choose as a drill does."""
        like = names_like(self.printed)
        return choose(self.listed(), self.request, like, now=NOW, seed=1, named=self.name)

    def judged(self) -> dict[str, tuple[str, str]]:
        """Return the verdict on each guarantee, and the reason, as the tests of a drill judge it."""
        picked = Picked(self, self.choice(), self.clock())  # type: ignore[arg-type]
        live = scan_of(self.live)
        examined = examine_archive(picked, live.manifest())
        archive, clock = picked.choice.drawn, picked.clock
        births = {path.encode(): each.made or each.came for path, each in self.live.items()}
        compared: ArchiveComparison | None = None
        if not examined.problems:
            compared = compare_archive(live, examined.media, taken(archive, clock), born=births)
        found: dict[str, tuple[str, str]] = {}
        _judge(found, "backup.fresh", lambda: expect_young(picked.choice, self.request, clock))
        _judge(found, "backup.fresh", lambda: expect_own_day(archive, compared, clock))
        _judge(found, "backup.fresh", lambda: expect_little_since(picked.choice, compared, self.request, clock))
        _judge(found, "backup.retained", lambda: expect_enough(picked.choice, self.request))
        _judge(found, "backup.complete", lambda: expect_whole(archive, examined))
        if compared is not None:
            comparison = compared
            _judge(found, "backup.complete", lambda: expect_complete(archive, comparison))
        return found


def _judge(found: dict[str, tuple[str, str]], name: str, test: Callable[[], None]) -> None:
    verdict, reason = "proved", ""
    try:
        test()
    except PromiseBroken as broken:
        verdict, reason = "broken", str(broken)
    except Unproven as unproven:
        verdict, reason = "unproven", str(unproven)
    known, reasons = found.get(name, ("proved", ""))
    order = ["proved", "unproven", "broken"]
    found[name] = (max(known, verdict, key=order.index), f"{reasons}\n{reason}".strip())
