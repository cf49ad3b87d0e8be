"""Which files of a folder are backups, by the name that the guide gives them, and which of them a drill takes."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from media_guarantees.core.errors import BadInput
from media_guarantees.gate.kept.archive_request import RANDOM, ArchiveRequest
from media_guarantees.guide.parsing.placeholders import blanks_in
from media_guarantees.guide.steps import ARCHIVE_ENDING
from media_guarantees.media.manifest import printable

# $(date …), `date …`, ${DAY} and $DAY: what only the shell knows.
_COMPUTED = re.compile(r"\$\([^()]*\)|`[^`]*`|\$\{[^}]*\}|\$\w+")
# A day in an example's name, and the letters that stand for one.
_EXAMPLE = re.compile(r"\d{4}[-_.]?\d\d[-_.]?\d\d|\d\d[-_.]\d\d[-_.]\d{4}|\d{4,}|(?:YYYY|AAAA)[-_.]?MM[-_.]?DD")
_DAYS = (
    re.compile(r"(?<!\d)(?P<year>20\d\d)(?P<between>[-_.]?)(?P<month>\d\d)(?P=between)(?P<day>\d\d)"),
    re.compile(r"(?<!\d)(?P<day>\d\d)(?P<between>[-_.]?)(?P<month>\d\d)(?P=between)(?P<year>20\d\d)(?!\d)"),
)
_HOLE = "\0"


@dataclass(frozen=True)
class KeptArchive:
    """A backup in a folder: its name, its size in bytes, and when it was last written, in seconds since the epoch."""

    name: str
    size: int
    written: float

    @property
    def day(self) -> date | None:
        """The day in its name; None without one."""
        return day_in(self.name)


@dataclass(frozen=True)
class Choice:
    """The archive that a drill takes, the newest of the folder, and all that are `kept` there."""

    drawn: KeptArchive
    newest: KeptArchive
    kept: tuple[KeptArchive, ...]


def day_in(name: str) -> date | None:
    """Return the day that the name of a file holds, in one of the usual formats; None without one."""
    found = (_day(match) for written in _DAYS for match in written.finditer(name))
    return next(filter(None, found), None)


def _day(found: re.Match[str]) -> date | None:
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:  # these digits are no day
        return None


def day_bounds(day: date, zone: tzinfo) -> tuple[float, float]:
    """Return when a day begins and ends in a time zone, in seconds since the epoch."""
    first = datetime(day.year, day.month, day.day, tzinfo=zone)
    return first.timestamp(), (first + timedelta(days=1)).timestamp()


def names_like(printed: str | None) -> re.Pattern[str]:
    """Return what matches the names of backups, given the archive's name as the guide's backup command prints it.

    What the shell or a person puts in, and the day of an example, may be anything. To a name without any of these,
    something may have been added, as to keep more than one. Without a name, every archive is a backup.
    """
    text = printed or ""
    for found in reversed(blanks_in(text)):
        text = text[: found.start()] + _HOLE + text[found.end() :]
    name = _EXAMPLE.sub(_HOLE, _COMPUTED.sub(_HOLE, text)).rpartition("/")[2].strip("\"'")
    if not (ending := ARCHIVE_ENDING.search(name)):
        return re.compile(r".+")
    if _HOLE not in name:
        return re.compile(f"{re.escape(name[: ending.start()])}[^/]*{re.escape(ending.group())}")
    return re.compile("[^/]+".join(map(re.escape, re.split(f"{_HOLE}+", name))))


def choose(
    listed: Iterable[KeptArchive], request: ArchiveRequest, like: re.Pattern[str], *, now: float, seed: int, named: str
) -> Choice:
    """Choose among the files of a folder. `named` is the one that the operator asks for; "" leaves it to the request.

    Raises `BadInput` where there is no backup, or none in the window.
    """
    archives = [each for each in listed if ARCHIVE_ENDING.search(each.name)]
    kept = sorted((each for each in archives if like.fullmatch(each.name)), key=_age_order)
    if named:
        return _choice_of(named, archives, kept)
    if not kept:
        others = f": {len(archives)} archives have other names, such as {shown(archives[0].name)}" if archives else ""
        raise BadInput(
            f"there is no backup in {request.place}{others}",
            f"name one of them, or a folder that holds files like {_in_words(like)}: ARCHIVE=backups",
        )
    if request.pick != RANDOM:
        return Choice(kept[-1], kept[-1], tuple(kept))
    recent = [each for each in kept if each.written >= now - request.window]
    if not recent:
        raise BadInput(
            f"no backup in {request.place} is of the last {request.window / 86400:g} days: "
            f"{shown(kept[-1].name)} is older",
            "give a longer WINDOW=90d, or take the newest: PICK=newest",
        )
    return Choice(random.Random(seed).choice(recent), kept[-1], tuple(kept))  # noqa: S311 - repeated with SEED


def _choice_of(name: str, archives: Sequence[KeptArchive], kept: Sequence[KeptArchive]) -> Choice:
    drawn = next((each for each in archives if each.name == name), None)
    if drawn is None:
        others = f"; the newest one there is {shown(kept[-1].name)}" if kept else ""
        raise BadInput(f"there is no archive {shown(name)}{others}", "name an archive that is there: ARCHIVE=backups/…")
    return Choice(drawn, drawn, tuple(kept) if drawn in kept else (drawn,))


def shown(name: str) -> str:
    """Return the name of a file as people read it: whoever may write into the folder chooses it."""
    return printable(os.fsencode(name))


def _age_order(archive: KeptArchive) -> tuple[date, float]:
    """The day in its name comes first: whoever copies a folder may make all its files new."""
    return archive.day or datetime.fromtimestamp(archive.written).astimezone().date(), archive.written


def _in_words(like: re.Pattern[str]) -> str:
    return re.sub(r"\\(.)", r"\1", re.sub(r"\[\^/\][+*]", "…", like.pattern))
