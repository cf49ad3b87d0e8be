"""What a restore drill of a real archive found, held against what the guide promises and the operator demands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice

from media_guarantees.archive.examine import Examined
from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.core.text import readable_age, readable_size
from media_guarantees.gate.kept.archive_choice import Choice, KeptArchive, day_bounds, shown
from media_guarantees.gate.kept.archive_comparison import (
    DIFFERENT,
    LATE,
    LOST,
    OTHER_OWNER_SINCE,
    RENAMED,
    REOWNED,
    ArchiveComparison,
    Taken,
)
from media_guarantees.gate.kept.archive_request import ArchiveRequest
from media_guarantees.media.manifest import printable

_SHOWN = 5  # paths in a message
_SLACK = 3600.0  # seconds: summer time, and clocks that differ

_SEEN = {
    LOST: "not in the archive, though in the volume before it was taken",
    DIFFERENT: "with other content in the archive than the volume had when it was taken",
    REOWNED: "of another user in the archive than in the volume",
    RENAMED: "in the archive only below a directory that has been renamed since",
}
_MEANS = {
    LOST: "a restore does not bring them back, and nobody would notice before it is needed",
    DIFFERENT: "a restore replaces good pictures by old or damaged ones",
    REOWNED: "after a restore the service may not be able to replace or delete them",
    RENAMED: "a restore puts them where the platform does not look for them",
}
_NEXT = {
    LOST: "take a backup now with the guide's command, check it, and look at how this one was made",
    DIFFERENT: "compare both: make check-archive ARCHIVE=… AGAINST=…; one of the two copies is damaged",
    REOWNED: "have the backup made by root, and restored with numeric owners",
    RENAMED: "take a backup now: the older ones bring the old names back",
}


@dataclass(frozen=True)
class Clock:
    """The time where the archives are made: `now` in seconds since the epoch, and the time zone there."""

    now: float
    zone: tzinfo


def taken(archive: KeptArchive, clock: Clock) -> Taken:
    """Return what the name and the time of a file say of when the archive was taken."""
    begins = day_bounds(archive.day, clock.zone)[0] - _SLACK if archive.day else None
    return Taken(archive.written, begins)


def age_of(archive: KeptArchive, clock: Clock) -> float:
    """Return how many seconds old an archive is, at the least. A copy of it may be newer than the day in its name."""
    ends = day_bounds(archive.day, clock.zone)[1] if archive.day else archive.written
    return max(0.0, clock.now - min(archive.written, ends))


def expect_young(choice: Choice, request: ArchiveRequest, clock: Clock) -> None:
    """Raise `PromiseBroken` where the newest archive is older than MAX_AGE; `Unproven` where no limit is set."""
    newest, age = choice.newest, age_of(choice.newest, clock)
    journal.add_figures(archive_age_seconds=round(age), archive_bytes=newest.size)
    seen = f"{shown(newest.name)}, {readable_size(newest.size)}, is {readable_age(age)} old"
    journal.add_evidence(f"{seen}{_of(request.max_age)}")
    if request.max_age is None and request.max_rpo is None:
        raise Unproven("no limit was set: MAX_AGE=26h, or MAX_RPO=26h")
    if request.max_age is not None and age > request.max_age:
        raise PromiseBroken(
            f"the newest backup, {seen}{_of(request.max_age)}",
            means="if the volume were lost now, everything that people uploaded since would be lost with it",
            next_step="look at why no newer backup was made (crontab -l, and the mail of cron), and take one now",
        )


def expect_own_day(archive: KeptArchive, comparison: ArchiveComparison | None, clock: Clock) -> None:
    """Raise `PromiseBroken` where an archive is not of the day in its name.

    It was written before that day, or the volume held files by then that are newer than all that is in it. Raises
    `Unproven` where the archive could not be compared.
    """
    if archive.day is None:
        journal.add_evidence(f"{shown(archive.name)} is not named after a day")
        return
    begins = day_bounds(archive.day, clock.zone)[0] - _SLACK
    if archive.written < begins or clock.now < begins:
        seen = "has not begun" if clock.now < begins else f"began {readable_age(begins - archive.written)} later"
        raise _misdated(f"{shown(archive.name)} was written before the day in its name, which {seen}")
    if comparison is None:
        raise Unproven("the archive is damaged: what is in it can't be dated")
    if (late := comparison.counts[LATE]) and not comparison.counts[LOST]:  # one that lacks older ones too is incomplete
        raise _misdated(
            f"{shown(archive.name)} lacks {_files(late)} older than the day in its name and newer than all that is in "
            f"it: {_some(comparison, LATE)}"
        )
    journal.add_evidence(f"{shown(archive.name)} is of the day in its name")


def _misdated(seen: str) -> PromiseBroken:
    return PromiseBroken(
        seen,
        means="it is an older backup under a newer name: whoever restores it loses more than the name promises",
        next_step="look at what writes and renames the backups, and take one now",
    )


def expect_little_since(
    choice: Choice, comparison: ArchiveComparison | None, request: ArchiveRequest, clock: Clock
) -> None:
    """Raise `PromiseBroken` where something came longer than MAX_RPO ago and is not in the newest archive.

    A platform to which nothing is uploaded would lose nothing, however old its backup is. Raises `Unproven` where
    nothing could be compared, or where the archive drawn is not the newest.
    """
    if comparison is None:
        raise Unproven("the archive is damaged: what came since it was taken is not known")
    if choice.drawn != choice.newest:
        journal.add_evidence(f"{shown(choice.drawn.name)} was drawn: what came since concerns the newest only")
        if request.max_rpo is not None:
            raise Unproven(f"MAX_RPO is of the newest archive, and {shown(choice.drawn.name)} was drawn: PICK=newest")
        return
    files, size = comparison.since
    exposed = 0.0 if comparison.oldest_since is None else max(0.0, clock.now - comparison.oldest_since)
    _add_recovery_point(comparison, clock, exposed)
    seen = f"{_files(files)}, {readable_size(size)}, came or changed since the archive was taken" + (
        f", the first of them {readable_age(exposed)} ago" if files else ""
    )
    journal.add_evidence(f"{seen}{_of(request.max_rpo)}")
    if request.max_rpo is not None and exposed > request.max_rpo:
        raise PromiseBroken(
            f"{seen}{_of(request.max_rpo)}",
            means="if the volume were lost now, these would be lost: no backup holds them",
            next_step="take a backup now, and take them more often",
        )


def _add_recovery_point(comparison: ArchiveComparison, clock: Clock, exposed: float) -> None:
    files, size = comparison.since
    journal.add_figures(rpo_seconds=round(exposed), since_files=files, since_bytes=size)
    if comparison.newest is not None:
        age = max(0.0, clock.now - comparison.newest)
        journal.add_figures(newest_content_age_seconds=round(age))
        journal.add_evidence(f"the newest thing that the archive holds is {readable_age(age)} old")


def expect_enough(choice: Choice, request: ArchiveRequest) -> None:
    """Raise `PromiseBroken` where fewer archives are kept than MIN_KEPT; `Unproven` where no limit is set.

    Only files that are not empty count. Whether each of them is whole, a drill with PICK=random shows in time.
    """
    full = [each for each in choice.kept if each.size]
    journal.add_figures(archives_kept=len(full))
    empty = f"; {len(choice.kept) - len(full)} more are empty files" if len(full) < len(choice.kept) else ""
    limit = "" if request.min_kept is None else f"; MIN_KEPT is {request.min_kept}"
    span = f", from {shown(full[0].name)} to {shown(full[-1].name)}" if len(full) > 1 else ""
    seen = f"{len(full)} backups are kept{span}{empty}{limit}"
    journal.add_evidence(f"{seen}: counted by their names, not read")
    if request.min_kept is None:
        raise Unproven("no limit was set: MIN_KEPT=7")
    if len(full) < request.min_kept:
        raise PromiseBroken(
            seen,
            means="damage that is noticed after that many days is in every backup that is left",
            next_step="look at what deletes old backups, and at the days on which none was made",
        )


def expect_whole(archive: KeptArchive, examined: Examined) -> None:
    """Raise `PromiseBroken` where an archive is damaged, empty, or not safe to restore."""
    journal.add_evidence(f"{shown(archive.name)}: {examined.form}, {examined.contents.summary()}")
    for note in examined.notes:
        journal.add_evidence(note)
    if examined.problems:
        more = f"; and {len(examined.problems) - 1} more" if len(examined.problems) > 1 else ""
        raise PromiseBroken(
            f"{shown(archive.name)} is refused: {examined.problems[0]}{more}",
            means="this archive can't be relied on: it was not restored",
            next_step="take a backup now, and keep an older one that passes: make check-archive ARCHIVE=…",
            detail="\n".join(map(str, examined.problems)),
        )


def expect_complete(archive: KeptArchive, comparison: ArchiveComparison) -> None:
    """Raise `PromiseBroken` where an archive lacks what the volume held, or has it otherwise, or is of another one."""
    journal.add_evidence(f"{shown(archive.name)} and the volume: {comparison.summary()}")
    if others := comparison.counts[OTHER_OWNER_SINCE]:
        journal.add_evidence(f"{others} files have had another owner since")
    broken = [kind for kind in _SEEN if comparison.counts[kind]]
    if broken:
        damaged = {LOST: "missing", RENAMED: "missing", DIFFERENT: "changed"}
        raise PromiseBroken(
            "; ".join(f"{_files(comparison.counts[kind])} {_SEEN[kind]}: {_some(comparison, kind)}" for kind in broken),
            means=_MEANS[broken[0]],
            next_step=_NEXT[broken[0]],
            detail="\n".join(_lines(comparison, broken)),
            damaged={
                path.decode(errors="surrogateescape"): damaged[kind]
                for kind in broken
                if kind in damaged
                for path in comparison.found[kind]
            },
        )
    if not comparison.shared:
        raise PromiseBroken(
            f"{shown(archive.name)} and the volume have not one file in common",
            means="it is the backup of another volume, or everything was replaced since",
            next_step="look at which volume the backup command names: docker volume ls",
        )


def _lines(comparison: ArchiveComparison, kinds: list[str]) -> Iterator[str]:
    for kind in kinds:
        for path in comparison.found[kind]:
            was = comparison.elsewhere.get(path)
            yield f"  {kind:16} {printable(path)}" + (f", in the archive as {printable(was)}" if was else "")


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _some(comparison: ArchiveComparison, kind: str) -> str:
    paths = comparison.found.get(kind, [])
    return ", ".join(map(printable, islice(paths, _SHOWN))) + (" …" if len(paths) > _SHOWN else "")


def _of(limit: float | None) -> str:
    return "" if limit is None else f"; the limit is {readable_age(limit)}"
