"""The one loop in which the suite waits for something."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken

T = TypeVar("T")


class Clock(Protocol):
    """What a wait needs to know of time; a test hands in one that it winds itself."""

    def now(self) -> float:
        """Return seconds that only ever grow."""

    def pause(self, seconds: float) -> None:
        """Let `seconds` pass."""


class MachineClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Return the monotonic time in seconds."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Yield the processor for `seconds`."""
        threading.Event().wait(seconds)


class DeadlineExceeded(PromiseBroken):
    """What was waited for did not come in time, or can't come any more."""


def wait_until(
    probe: Callable[[], T | None],
    *,
    what: str,
    seconds: float,
    died: Callable[[], str | None] = lambda: None,
    clock: Clock | None = None,
    every: float = 0.02,
) -> T:
    """Call `probe` until it returns something true, and return that.

    `what` completes the sentence "waiting until ...". `died` tells why waiting is pointless, as soon as it is. The
    probe is called at least once, and once more after the deadline or the death: what it looks for may have come in
    the very last moment.
    """
    clock = clock or MachineClock()
    deadline = clock.now() + seconds
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
                raise DeadlineExceeded(f"waited {seconds:g} s until {what}, in vain")
            clock.pause(every)


def _quietly(ask: Callable[[], T]) -> T:
    """Ask without a line in the journal for every time; the wait has one."""
    with journal.muted():
        return ask()
