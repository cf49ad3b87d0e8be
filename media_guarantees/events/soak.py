"""Fault runs repeated in rounds for as long as wanted, and their results in figures."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from media_guarantees.events.faults import Event
from media_guarantees.events.faults_under_load import FaultRun, InjectedFault, read_back, shuffled
from media_guarantees.events.upload_history import (
    Finding,
    Outcome,
    UploadAttempt,
    check,
    count,
    count_defects,
    hashes_by_path,
)

# How many uploads are kept in the volume. Older ones are removed after they have been judged many times.
HISTORY_LIMIT = 20_000


@dataclass
class Soak:
    """Rounds of a fault run, each with every event in a new order; all uploads are judged after each round.

    `evicted` counts the uploads that were removed from the history, so that memory and disk stay bounded.
    """

    fault_run: FaultRun
    kept: int = HISTORY_LIMIT
    rounds: int = 0
    findings: tuple[Finding, ...] = ()
    evicted: Counter[Outcome] = field(default_factory=Counter)
    _served: dict[str, str] = field(default_factory=dict)
    _begun: float = field(default_factory=time.monotonic)

    def go_round(self, events: Sequence[Event], enough: Callable[[], bool]) -> None:
        """Inject every event once, or stop early when `enough()` is true; then judge all kept uploads."""
        self.rounds += 1
        known = len(self.fault_run.history)
        try:
            self.fault_run.inject_all(shuffled(events, f"{self.fault_run.seed}/{self.rounds}"), enough=enough)
        finally:
            self._judge(self.fault_run.history[known:])
        self._evict_oldest()

    def _judge(self, unread: Sequence[UploadAttempt]) -> None:
        """Read back new uploads; judge all of them by the volume's content and by what was served."""
        self._served.update(read_back(self.fault_run.stack, unread))
        if any(attempt.outcome == "acknowledged" for attempt in self.fault_run.history):
            stored = hashes_by_path(self.fault_run.stack.media.manifest())
            self.findings = check(self.fault_run.history, stored=stored, served=self._served)

    def _evict_oldest(self) -> None:
        """Remove the oldest uploads above the limit; keep everything once a defect is found, as proof."""
        excess = self.fault_run.history[: -self.kept]
        if not excess or self.findings:
            return
        paths = [attempt.path for attempt in excess if attempt.outcome == "acknowledged"]
        self.fault_run.stack.media.shell("xargs -0 rm -f --", stdin=b"".join(path.encode() + b"\0" for path in paths))
        del self.fault_run.history[: len(excess)]
        self.evicted.update(attempt.outcome for attempt in excess)
        for path in paths:
            self._served.pop(path, None)

    @property
    def uploads(self) -> dict[str, int]:
        """How many uploads had which outcome, over all rounds."""
        kept = count(self.fault_run.history)
        return {outcome: kept[outcome] + self.evicted[outcome] for outcome in kept}

    @property
    def count_defects(self) -> Mapping[str, int]:
        """The number of uploads by defect: all 0 if nothing was lost."""
        return count_defects(self.findings)

    def progress_line(self) -> str:
        """Return the progress in one line."""
        numbers = {
            "faults": len(self.fault_run.injected_faults),
            **self.uploads,
            "lost": sum(self.count_defects.values()),
        }
        return f"round {self.rounds}: " + ", ".join(f"{number:,} {name}" for name, number in numbers.items())

    def as_json(self) -> dict[str, Any]:
        """Return all figures, for programs."""
        return {
            "seed": self.fault_run.seed,
            "seconds": round(time.monotonic() - self._begun, 1),
            "rounds": self.rounds,
            "faults": len(self.fault_run.injected_faults),
            "uploads": self.uploads,
            "findings": dict(self.count_defects),
            "found": [str(finding) for finding in self.findings],
            "recovery_seconds": [recovery.as_json() for recovery in recoveries(self.fault_run.injected_faults)],
        }

    def table(self) -> list[str]:
        """Return all figures, for people."""
        counts = [*self.uploads.items(), *self.count_defects.items()]
        return [
            f"{len(self.fault_run.injected_faults)} faults in {self.rounds} rounds, from seed {self.fault_run.seed}",
            f"uploads: {', '.join(f'{number:,} {name}' for name, number in counts)}",
            "seconds from a fault to the first accepted upload after it (median, worst):",
            *(
                f"  {row.median:6.2f} {row.worst:6.2f}  {row.event} ({row.faults})"
                for row in recoveries(self.fault_run.injected_faults)
            ),
        ]


@dataclass(frozen=True)
class Recovery:
    """How soon uploads went on after all faults of one kind, in seconds."""

    event: str
    faults: int
    median: float
    worst: float

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {**vars(self), "median": round(self.median, 3), "worst": round(self.worst, 3)}


def recoveries(injected_faults: Sequence[InjectedFault]) -> list[Recovery]:
    """Sum up recoveries by kind of fault, the slowest kind first."""
    seconds: dict[str, list[float]] = {}
    for fault in injected_faults:
        seconds.setdefault(fault.event, []).append(fault.recovery)
    rows = [Recovery(event, len(times), median(times), max(times)) for event, times in seconds.items()]
    return sorted(rows, key=lambda row: -row.median)
