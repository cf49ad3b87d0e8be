"""Write in Markdown what the bench measured."""

from __future__ import annotations

import math
import os
import platform
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from bench.growth import BYTES, CHECK, MANIFEST, Point, exponent
from bench.scenarios import SUITE, Scenarios
from bench.whole import Whole

GOAL = 1.15  # times the floor that a whole run of the guarantees may take


@dataclass(frozen=True)
class Machine:
    """The machine of a measurement, without anything that identifies its owner."""

    processors: int
    python: str
    system: str
    engine: str
    compose: str


def this_machine(engine: str, compose: str) -> Machine:
    """Describe this machine."""
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return Machine(os.cpu_count() or 1, platform.python_version(), system, engine, compose)


def results(
    machine: Machine,
    scenarios: Scenarios,
    points: Sequence[Point],
    whole: Whole,
    *,
    picture: str,
    command: str,
    day: date,
) -> str:
    """Return the whole page. `picture` is the file beside it, `command` the one that was typed."""
    paragraphs = [
        "# What it costs, beside what others cost",
        f"""Written by `{command}` on {day}, in one run, on {machine.processors} processors, {machine.system}, Python
        {machine.python}, a private engine {machine.engine} with Compose {machine.compose}.""",
        *_scenarios(scenarios),
        *_whole(whole),
        *_growth(points, picture),
    ]
    return "\n\n".join(map(_filled, paragraphs)) + "\n"


def _filled(paragraph: str) -> str:
    """Wrap a paragraph; a table stays as it is."""
    return paragraph if paragraph.startswith("|") else textwrap.fill(" ".join(paragraph.split()), 120)


def _scenarios(scenarios: Scenarios) -> Iterator[str]:
    tried = "Each had to notice, before it was timed, a backup that misses pictures." if scenarios.tried else ""
    turns = len(scenarios.measured[0].seconds)
    yield "## One scenario"
    yield f"""Up, upload twelve pictures, recreate the container, compare, back up, wipe, restore, compare, down. Every
        version is a process of its own on the same warm engine, with the same compose file, pictures and image;
        starting the engine and building the image is in none of the times. {tried} Turns: {turns}, one version after
        the other in each; the median counts."""
    rows = []
    for measured in scenarios.measured:
        quickest, slowest = min(measured.seconds), max(measured.seconds)
        times = scenarios.times(measured.name)
        rows.append((measured.name, f"{measured.median:.2f}", f"{quickest:.2f} to {slowest:.2f}", f"{times:.2f}"))
    yield table(("version", "seconds", "from, to", "times the floor"), rows)
    yield f"""pytest-docker and testcontainers wait, by default, for Compose's health check, which the compose file
        has run every 5 s. "Only asking /healthz" is the same test by a user who turned that off and asks the platform
        ten times a second, as the script does. Of {SUITE}'s time {scenarios.own_share:.0%} went into neither a
        command, a request nor a wait; it compares mode, owner, time and links besides content, and writes a report."""


def _whole(whole: Whole) -> Iterator[str]:
    verdict = "reached" if whole.times <= GOAL else "missed"
    yield "## A whole run of the guarantees"
    yield f"""{whole.proved} guarantees proved in {whole.seconds:.1f} s. In {whole.floor:.1f} s of them a command, a
        request or a wait was under way, overlaps counted once: that is the floor. It took **{whole.times:.2f} times the
        floor**; the goal of {GOAL} is {verdict}."""
    rows = [(name, f"{seconds:.1f}", f"{seconds / whole.seconds:.0%}") for name, seconds in whole.by_kind.items()]
    own = whole.seconds - whole.floor
    rows.append(("none of these: the suite itself", f"{own:.1f}", f"{own / whole.seconds:.0%}"))
    yield table(("under way", "seconds", "of the run"), rows)


def _growth(points: Sequence[Point], picture: str) -> Iterator[str]:
    sizes = sorted({point.files for point in points})
    yield "## How manifest and check grow"
    yield f"""Files of {BYTES / 1000:g} kB on average, incompressible as pictures are, in the page cache; seconds on the
        clock, the quickest run of each. The power is the one of the number of files by which the time grew: 1 is in
        proportion."""
    yield f"![seconds by number of files]({picture})"
    for task in (MANIFEST, CHECK):
        yield f"### {task[0].upper()}{task[1:]}"
        yield _task([point for point in points if point.task == task], sizes)
    yield """The suite's manifest holds kind, size, mode, owner, time and links of every entry, the others content alone
        (hashdeep: and size). `tar -d` compares an archive with the files and knows nothing of what it doesn't hold;
        `check-archive` says whether it is whole and safe to restore, and with a manifest whether anything is
        missing."""


def _task(points: Sequence[Point], sizes: Sequence[int]) -> str:
    rows = []
    for program in dict.fromkeys(point.program for point in points):
        line = {point.files: point for point in points if point.program == program}
        memory = max(point.cost.memory for point in line.values())
        power = exponent(list(line.values()))
        rows.append(
            (
                program,
                *(f"{line[size].cost.seconds:.2f}" for size in sizes),
                "" if math.isnan(power) else f"{power:.2f}",
                f"{memory:.0f}",
            )
        )
    return table(("program", *(f"{size:,} files" for size in sizes), "power", "most MB"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; numbers are aligned to the right."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (head, *rows)]
    first, *others = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([first, f"|---|{'---:|' * (len(head) - 1)}", *others])
