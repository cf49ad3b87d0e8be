"""How long each step of a run took in the last run, so that people know how long they will wait."""

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
    """The seconds that each step took when it last succeeded, by its sentence."""

    seconds: Mapping[str, float] = field(default_factory=dict)

    def expected(self, what: str) -> float:
        """Return how long a step took last time, in seconds; 0 if that is not known."""
        return self.seconds.get(what, 0.0)

    def with_previous(self, step: Event) -> str:
        """Return how long a step took, and how long last time if that is known: "0.8 s (last time 1.1 s)"."""
        last = self.expected(step.what)
        return f"{step.seconds:.1f} s" + (f" (last time {last:.1f} s)" if last else "")

    def previous(self, what: str) -> str:
        """Return how long a step took last time as " (last time 1.1 s)", or ""."""
        return f" (last time {self.expected(what):.1f} s)" if self.expected(what) else ""


def recall(file: Path) -> StepDurations:
    """Read what `remember` wrote. A file with any other content counts as none."""
    with suppress(OSError, ValueError):
        written = json.loads(file.read_text("utf-8"))
        if isinstance(written, dict):
            return StepDurations(
                {what: float(took) for what, took in written.items() if isinstance(took, (int, float))}
            )
    return StepDurations()


def remember(file: Path, steps: Iterable[Event]) -> None:
    """Write how long the steps that succeeded took, and keep what the file holds of others."""
    fresh = {step.what: round(step.seconds, 3) for step in steps if step.status == "ok" and step.seconds}
    known = {**recall(file).seconds, **fresh}
    file.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(file, json.dumps(known, indent=1, sort_keys=True))
