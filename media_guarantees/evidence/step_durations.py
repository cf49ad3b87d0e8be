"""How long things took last time, so that whoever waits knows what to expect."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from media_guarantees.core.files import atomic_write
from media_guarantees.core.journal import Event


@dataclass(frozen=True)
class StepDurations:
    """The seconds that each step took when it last went well, by what it is called."""

    seconds: Mapping[str, float] = field(default_factory=dict)

    def expected(self, what: str) -> float:
        """Return how long it took last time; 0 if nobody knows."""
        return self.seconds.get(what, 0.0)

    def told(self, step: Event) -> str:
        """Say how long a step took, and how long last time where that is known: "0.8 s (last time 1.1 s)"."""
        last = self.expected(step.what)
        return f"{step.seconds:.1f} s" + (f" (last time {last:.1f} s)" if last else "")

    def foretold(self, what: str) -> str:
        """Say how long it took last time, or nothing."""
        return f" (last time {self.expected(what):.1f} s)" if self.expected(what) else ""


def recall(file: Path) -> StepDurations:
    """Read what `remember` wrote; a file that says anything else is as good as none."""
    with suppress(OSError, ValueError):
        written = json.loads(file.read_text("utf-8"))
        if isinstance(written, dict):
            return StepDurations(
                {what: float(took) for what, took in written.items() if isinstance(took, (int, float))}
            )
    return StepDurations()


def remember(file: Path, steps: Iterable[Event]) -> None:
    """Write down how long steps took that went well, and keep what is known of others."""
    fresh = {step.what: round(step.seconds, 3) for step in steps if step.status == "ok" and step.seconds}
    known = {**recall(file).seconds, **fresh}
    file.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(file, json.dumps(known, indent=1, sort_keys=True))
