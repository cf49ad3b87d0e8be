"""The one loop in which the suite waits for a condition."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken

T = TypeVar("T")


class Clock(Protocol):
    """The time, as a wait needs it; tests pass in a clock that they move themselves."""

    def now(self) -> float:
        """Return seconds on a clock that never goes back."""

    def pause(self, seconds: float) -> None:
        """Wait for `seconds`."""


class MachineClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Return the monotonic time in seconds."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Yield the processor for `seconds`."""
        threading.Event().wait(seconds)


class DeadlineExceeded(PromiseBroken):
    """A condition did not become true in time, or can't become true any more."""


def wait_until(
    probe: Callable[[], T | None],
    *,
    what: str,
    seconds: float,
    died: Callable[[], str | None] = lambda: None,
    clock: Clock | None = None,
    every: float = 0.02,
    slowing: float = 0.0,
) -> T:
    """Call `probe` until it returns something true, and return that.

    `what` completes the sentence "waiting until ...". `died` returns the reason once waiting is pointless, else None.
    `seconds` is the deadline, `every` the pause between two calls in seconds. Where calls are costly, the pauses grow
    with the wait: they are at least the share `slowing` of the time waited so far.

    The probe is called at least once, and once more after the deadline or the death, as the condition may have become
    true at the last moment. Raises `DeadlineExceeded`.
    """
    clock = clock or MachineClock()
    begun = clock.now()
    deadline = begun + seconds
    with journal.timed("wait", what):
        while True:
            late = clock.now() >= deadline
            if found := _quietly(probe):
                return found
            if reason := _quietly(died):
                if found := _quietly(probe):
                    return found
                raise DeadlineExceeded(f"waiting until {what} is pointless: {reason}")
            if late:
                raise DeadlineExceeded(f"timed out after {seconds:g} s waiting until {what}")
            clock.pause(max(every, slowing * (clock.now() - begun)))


def _quietly(ask: Callable[[], T]) -> T:
    """Call without recording events: the wait itself is recorded."""
    with journal.muted():
        return ask()
