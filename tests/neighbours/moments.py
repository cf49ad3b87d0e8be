"""Moments in the life of a run, drawn at random, and repeatable with the same seed.

A moment is "so long after such a line of the run's own account": on a slow machine it is still within the same phase.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

# As the terminal shows them: a mark, the seconds since the run began, a sentence, and how long it took last time.
_LINE = re.compile(r"^(?:·|✓|✗|\?|s*\?) +(?P<seconds>\d+\.\d) s  (?P<sentence>.*?)(?: \(last time .*)?$", re.MULTILINE)
_PHASES = {
    "stack: taking": "tear-down",
    "engine: switching": "tear-down",
    "stack: waiting": "set-up",
    "engine:": "set-up",
    "images:": "set-up",
}


@dataclass(frozen=True)
class Line:
    """A line of a run's output, and the seconds until its next line."""

    sentence: str
    phase: str
    lasted: float


@dataclass(frozen=True)
class Moment:
    """A number of seconds after such a line."""

    line: Line
    after: float

    def __str__(self) -> str:
        return f"{self.line.phase}, {self.after:.2f} s after '{self.line.sentence}'"


def read_lines(said: str) -> tuple[Line, ...]:
    """Return the lines of an undisturbed run, each with its phase."""
    found = [(float(line["seconds"]), line["sentence"]) for line in _LINE.finditer(said)]
    ends = [seconds for seconds, _ in found[1:]] + [found[-1][0] + 0.5]
    return tuple(
        Line(sentence, _phase(sentence), end - begun) for (begun, sentence), end in zip(found, ends, strict=True)
    )


def _phase(sentence: str) -> str:
    return next((phase for start, phase in _PHASES.items() if sentence.startswith(start)), "events")


def draw(lines: Sequence[Line], number: int, seed: object) -> tuple[Moment, ...]:
    """Draw `number` moments: one phase after the other, any of its lines, any time until the next line."""
    chance = random.Random(f"{seed}")  # noqa: S311 - drawn from a seed so that a run can be repeated
    phases = {phase: [line for line in lines if line.phase == phase] for phase in ("set-up", "events", "tear-down")}
    turns = [list(phases.values())[turn % len(phases)] for turn in range(number)]
    return tuple(Moment(line, chance.uniform(0, line.lasted)) for line in map(chance.choice, turns))
