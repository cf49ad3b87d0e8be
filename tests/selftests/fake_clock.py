"""A simulated clock for waits, so that the test of a deadline takes no time."""

from __future__ import annotations

from collections.abc import Callable


class WoundClock:
    """A clock that only moves while something pauses on it."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.pauses: list[float] = []
        self._events: list[tuple[float, Callable[[], object]]] = []

    def at(self, time: float, event: Callable[[], object]) -> None:
        """Call `event` once, when the clock gets to `time`."""
        self._events.append((time, event))

    def now(self) -> float:
        """Return the time, in seconds."""
        return self.time

    def pause(self, seconds: float) -> None:
        """Let the time pass, at once."""
        self.pauses.append(seconds)
        self.time += seconds
        due = [event for event in self._events if event[0] <= self.time]
        self._events = [event for event in self._events if event not in due]
        for _, event in due:
            event()
