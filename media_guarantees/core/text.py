"""Numbers and names as people read them, and as programs print them."""

from __future__ import annotations

import re

VOLUME_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]+")
"""What Docker accepts as a volume's name; the source of a `-v` that isn't one is a directory of the host."""
_UNITS = ("kB", "MB", "GB", "TB", "PB")


def readable_size(size: int) -> str:
    """Round a number of bytes for people, in powers of 1000: "3.4 MB"."""
    if size < 1000:
        return "1 byte" if size == 1 else f"{size} bytes"
    amount = float(size)
    for unit in _UNITS:
        amount /= 1000
        if amount < 999.95 or unit == _UNITS[-1]:
            break
    return f"{amount:.1f} {unit}"


def readable_age(seconds: float) -> str:
    """Round a length of time for people: "40 minutes", "5 hours", "12 days"."""
    minutes = max(0, round(seconds / 60))
    for length, unit in ((24 * 60, "day"), (60, "hour")):
        if minutes >= 2 * length:
            return f"{minutes // length} {unit}s"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def nanoseconds(moment: bytes) -> int:
    """Read seconds since 1970 as ``find -printf %T@`` prints them, exactly. Raises `ValueError` for anything else."""
    # Before 1970, find prints the whole seconds below zero and the fraction to add: -2.25 is -1.75 s.
    seconds, _, fraction = moment.partition(b".")
    return int(seconds) * 10**9 + int(fraction[:9].ljust(9, b"0"))
