"""What every form of a report says of a run: its facts, its counts, and an explanation of each broken promise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from media_guarantees.core import journal
from media_guarantees.core.verdict import BROKEN, MARKS, UNPROVEN
from media_guarantees.evidence.catalogue import Guarantee
from media_guarantees.evidence.judgement import Judgement, overall

PARTS = ("promised", "seen", "means", "next", "again")


@dataclass
class RunFacts:
    """What was run, on what. `started` is seconds since the epoch.

    `events` is everything that took time; `steps` is what the person who waited could read, where those that are only
    announced have the length 0. `stopped` is why a run was cut short, "" for a whole one, and `not_run` how many of
    its tests did not run to their end. `gaps` are lines about evidence that could not be gathered. `status` is the exit
    status. `subjects` are the files that were tested, with their SHA-256 when the run began; `steady` is whether they
    stayed as they were. `figures` are numbers by name.
    """

    engine: dict[str, Any]
    target: dict[str, Any]
    started: float
    seconds: float = 0.0
    beyond: bool = False
    require_all: bool = False
    command: str = "make verify"
    events: list[journal.Event] = field(default_factory=list)
    steps: list[journal.Event] = field(default_factory=list)
    stopped: str = ""
    not_run: int = 0
    gaps: list[str] = field(default_factory=list)
    status: int = 0
    subjects: dict[Path, str] = field(default_factory=dict)
    steady: bool = True
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every selected test ran to its end, and nothing else cut the run short."""
        return not self.stopped

    @property
    def cut_short(self) -> str:
        """Why a run is not complete, and how much of it is missing, in one line; "" for a complete one."""
        tests = "1 test" if self.not_run == 1 else f"{self.not_run} tests"
        return f"{self.stopped}; {tests} did not run to the end" if self.stopped else ""

    def verdict(self, judgements: Iterable[Judgement]) -> str:
        """Return the verdict on the whole run, as it was asked for."""
        return overall(judgements, beyond=self.beyond, complete=self.complete)

    @property
    def command_seconds(self) -> float:
        """The seconds in which a command, a request or a wait was in progress."""
        return journal.busy_seconds(self.events)

    @property
    def own_share(self) -> float:
        """The share of the run in which only the suite itself worked, from 0 to 1."""
        return max(0.0, 1 - self.command_seconds / self.seconds) if self.seconds else 0.0

    def fails(self, judgement: Judgement) -> bool:
        """Whether this judgement alone makes the run fail, as it was asked for."""
        if judgement.guarantee.beyond and not self.beyond:
            return False
        return judgement.verdict == BROKEN or (self.require_all and judgement.verdict == UNPROVEN)


def counts(judgements: Iterable[Judgement]) -> str:
    """Return e.g. ``20 proved, 0 broken, 11 unproven``."""
    verdicts = [judgement.verdict for judgement in judgements]
    return ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in MARKS)


def explain(judgement: Judgement, command: str = "make verify") -> list[str]:
    """Return a broken guarantee's explanation: what was promised, seen, what it means, what to type next.

    `command` is what runs its tests again.
    """
    promise = judgement.promise
    lines = [f"promised: {promise.source.name}, line {promise.line}: {promise.text}"] if promise else []
    explained: set[str] = set()
    for test in judgement.tests:
        if test.broke_a_promise and test.message not in explained:
            explained.add(test.message)
            lines += [*_complete(test.message, judgement.guarantee), f"again: {command} ARGS='{test.nodeid}'"]
    return lines


def parts_of(explanation: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Split an explanation: yield the name of each part, one of `PARTS`, and its text of one or more lines."""
    name, text = "", list[str]()
    for line in explanation:
        head, colon, rest = line.partition(": ")
        if colon and head in PARTS:
            if name:
                yield name, "\n".join(text)
            name, text = head, [rest]
        else:
            text.append(line)
    if name:
        yield name, "\n".join(text)


def _complete(message: str, guarantee: Guarantee) -> list[str]:
    """Return a broken promise's message; if it doesn't say what that means, add what the catalogue says."""
    lines = message.splitlines() or ["assertion failed without a message"]
    if not message.startswith("seen: "):
        lines[0] = f"seen: {lines[0]}"
    if not any(line.startswith("means: ") for line in lines):
        next_step = next((n for n, line in enumerate(lines) if line.startswith("next: ")), len(lines))
        lines.insert(next_step, f"means: {guarantee.means}")
    return lines
