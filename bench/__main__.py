"""Measure everything in one run on this machine: `make bench`, or a shorter `make bench QUICK=1`.

Writes the results and their picture into a folder, `bench/` by default. A quick run takes
about a minute, is good for a look at one's own changes, and writes to `.cache/bench/`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from datetime import date
from pathlib import Path

from bench import growth, picture, scenarios, whole
from bench.programs import ROOT, BenchFailed
from bench.results import Machine, results, this_machine
from bench.scenarios import Scenarios
from media_guarantees.core.errors import BadInput
from media_guarantees.engine import connection as engines
from media_guarantees.system.orphans import MARK, end_orphans
from media_guarantees.system.run_id import run_folder, this_run

PAGE, PICTURE = "results.md", "results.svg"


def main() -> int:
    """Measure, and write the results; return an exit status."""
    asked = read_arguments()
    bench = this_run(shared=False)
    end_orphans()
    os.environ[MARK] = bench.identifier
    # SIGTERM ends it like Ctrl-C, so that it removes what it started.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        with run_folder(ROOT / ".cache", bench) as place:
            page = measured(asked, place)
    except (BadInput, BenchFailed) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    print(page)
    return 0


def measured(asked: argparse.Namespace, place: Path) -> str:
    """Measure everything, in folders below `place`; write the results and return their text."""
    say(f"the scenario, {asked.turns} times in each version")
    machine, seen = measure_scenarios(asked.turns, place, quick=asked.quick)
    say("a whole run of the guarantees")
    run = whole.measure(asked.verify, 1 if asked.quick else 2, place / "reports")
    points: list[growth.Point] = []
    for size in asked.sizes:
        say(f"{size} files")
        points += growth.measure([size], 1 if asked.quick else 2, place)
    command = "make bench QUICK=1" if asked.quick else "make bench"
    page = results(machine, seen, points, run, picture=PICTURE, command=command, day=date.today())  # noqa: DTZ011
    asked.folder.mkdir(parents=True, exist_ok=True)
    picture.draw(points, asked.folder / PICTURE)
    (asked.folder / PAGE).write_text(page, encoding="utf-8")
    return page


def read_arguments() -> argparse.Namespace:
    """Return the options of the command line; the kind of run decides the others."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few files, one turn, and a part of the guarantees")
    parser.add_argument("--turns", type=int, help="how often each version of the scenario is timed")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="FILES", help="how many files to hash and to archive")
    parser.add_argument("--verify", nargs="*", metavar="ARGUMENT", help="what pytest is given: all guarantees or some")
    parser.add_argument("--folder", type=Path, help="where the results go")
    asked = parser.parse_args()
    usually: dict[str, object] = {"turns": 5, "sizes": [1000, 10_000, 100_000], "verify": [], "folder": ROOT / "bench"}
    if asked.quick:
        some, place = ["tests/guarantees/test_backup.py"], ROOT / ".cache" / "bench"
        usually = {"turns": 1, "sizes": [100, 1000], "verify": some, "folder": place}
    for name, usual in usually.items():
        if getattr(asked, name) is None:
            setattr(asked, name, usual)
    return asked


def measure_scenarios(turns: int, place: Path, *, quick: bool) -> tuple[Machine, Scenarios]:
    """Measure every version of the scenario on an engine of the bench's own; also return what engine it is."""
    with engines.private(ROOT / ".cache") as engine:
        seen = scenarios.measure(engine, turns, place, tried=not quick)
        return this_machine(engine.version, engine.compose_version), seen


def say(what: str) -> None:
    """Print one line of progress."""
    sys.stderr.write(f"· bench: {what}\n")


if __name__ == "__main__":
    sys.exit(main())
