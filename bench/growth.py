"""Measure how manifest and archive check grow with the number of files, beside other tools."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.archive import Planted, cheapest, planted, programs
from bench.programs import Command, Cost, hashdeep

BYTES = 20_000  # of a file, on average
MANIFEST, CHECK = "manifest", "check of an archive"
_OURS = """\
import sys
from media_guarantees.media.host_listing import read_directory
sys.exit(not read_directory(sys.argv[1]).files)
"""
_SHA256SUM = 'find "$0" -type f -print0 | xargs -0 -P "$1" -n 500 sha256sum'


@dataclass(frozen=True)
class Point:
    """What one program cost for a number of files. `task` is one of the two; `ours` says whether it is the suite's."""

    task: str
    program: str
    files: int
    cost: Cost
    ours: bool


def measure(sizes: Sequence[int], turns: int, place: Path) -> Iterator[Point]:
    """Make this number of files below `place`; run every program on them, in turns; the fastest run of each counts."""
    environment = hashdeep()
    for files in sizes:
        with planted(files, files * BYTES, place) as where:
            for task, commands in ((MANIFEST, manifests(where)), (CHECK, programs(where))):
                for name, cost in cheapest(commands, turns=turns, environment=environment).items():
                    yield Point(task, name, files, cost, ours=name.startswith(("the suite", "check-archive")))


def manifests(where: Planted) -> dict[str, Command]:
    """Return the programs that hash a folder; the suite's own also records mode, owner, time and links."""
    threads = str(os.cpu_count())
    return {
        "find | xargs sha256sum": ("sh", "-c", _SHA256SUM, where.tree, "1"),
        f"find | xargs -P{threads} sha256sum": ("sh", "-c", _SHA256SUM, where.tree, threads),
        f"hashdeep -j{threads}": ("hashdeep", "-r", "-c", "sha256", f"-j{threads}", where.tree),
        "the suite's manifest": (sys.executable, "-c", _OURS, where.tree),
    }


def exponent(points: Sequence[Point]) -> float:
    """Return the power of the number of files by which the time grew, from the fewest to the most: 1 is proportional.

    NaN where there is only one size.
    """
    first, last = min(points, key=lambda point: point.files), max(points, key=lambda point: point.files)
    if first.files == last.files:
        return math.nan
    return math.log(last.cost.seconds / first.cost.seconds) / math.log(last.files / first.files)
