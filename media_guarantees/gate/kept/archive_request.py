"""Which archive a restore drill is about, and the limits that its operator sets, read from the options of the run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from media_guarantees.core.errors import BadInput

PICKS = NEWEST, RANDOM = ("newest", "random")
WINDOW = "30d"

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([smhdw])")


@dataclass(frozen=True)
class ArchiveRequest:
    """The archive, or the folder of archives, that `place` names, and the limits, None where the operator sets none.

    `pick` says which archive of a folder is taken: the newest, or a random one of the last `window` seconds. `max_age`
    is how many seconds old the newest may be, `max_rpo` how long ago the oldest picture may have come that is not in
    it, and `min_kept` how many there have to be.
    """

    place: str
    pick: str = NEWEST
    window: float = 30 * 86400.0
    max_age: float | None = None
    max_rpo: float | None = None
    min_kept: int | None = None


def read_request(value: Callable[[str], str]) -> ArchiveRequest | None:
    """Read the options, given the `value` of each by its name; None where no archive is named.

    Raises `BadInput` for a limit that can't be read, and for one that is set where there is no archive.
    """
    limits = {name: value(name) for name in ("max-age", "max-rpo", "min-kept")}
    request = ArchiveRequest(
        place=value("archive"),
        pick=value("pick"),
        window=read_duration("window", value("window")),
        max_age=read_duration("max-age", limits["max-age"]) if limits["max-age"] else None,
        max_rpo=read_duration("max-rpo", limits["max-rpo"]) if limits["max-rpo"] else None,
        min_kept=_read_count("min-kept", limits["min-kept"]) if limits["min-kept"] else None,
    )
    if request.pick not in PICKS:
        raise BadInput(f"--pick is {request.pick!r}", f"choose one of {', '.join(PICKS)}")
    if not request.place and any(limits.values()):
        given = next(name for name, text in limits.items() if text)
        raise BadInput(
            f"--{given} is a limit for an archive, and none is named",
            "name the archive, or the folder that the backups are kept in: ARCHIVE=backups",
        )
    return request if request.place else None


def read_duration(option: str, text: str) -> float:
    """Return the seconds that `text` means: a number and a unit, such as 90m, 26h or 30d. Raises `BadInput`."""
    found = _DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if not seconds:
        raise BadInput(
            f"--{option} is {text!r}, which is no length of time",
            "give a number above 0 and a unit, s, m, h, d or w: 90m, 26h, 30d",
        )
    return seconds


def _read_count(option: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 10**6):
        raise BadInput(f"--{option} is {text!r}", "give the number of archives that have to be there: 7")
    return int(text)
