"""Inject one fault after another while clients upload; then look for every acknowledged upload."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import takewhile

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.events.faults import EVENTS, Event
from media_guarantees.events.upload_history import Finding, UploadAttempt, check, count, hashes_by_path
from media_guarantees.events.upload_load import Load, uploading
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.media.diff import NothingCompared
from media_guarantees.media.uploads.upload_client import HttpPlatform

# An event takes seconds. Clients that are not stopped end after this time, in seconds, or this many uploads.
EVENT_SECONDS = 180.0
EVENT_UPLOADS = 5_000


@dataclass(frozen=True)
class InjectedFault:
    """An event that happened during uploads.

    `begun`, `ended` and `recovered` are seconds on the clock of the uploads' history: when the event began, when it
    was over, and when the first upload that was begun after that was accepted. `before` and `after` are the event's
    marks.
    """

    event: str
    begun: float
    ended: float
    recovered: float
    before: object
    after: object

    @property
    def recovery(self) -> float:
        """Seconds from the beginning of the event to the first accepted upload after it."""
        return self.recovered - self.begun


@dataclass(frozen=True)
class UploadCounts:
    """How many uploads were accepted before, during and after a fault, and how many failed because of it."""

    before: int
    during: int
    after: int
    failed: int

    def __str__(self) -> str:
        return (
            f"{self.before} accepted before, {self.during} during, {self.after} after, {self.failed} refused or cut off"
        )


@dataclass
class FaultRun:
    """Faults injected into a stack during uploads. `history` and `injected_faults` grow as it runs.

    `rest` is the minimum number of uploads that are accepted before each event.
    """

    stack: Stack
    operator: Operator
    engine: Engine
    seed: str
    rest: int = 1
    history: list[UploadAttempt] = field(default_factory=list)
    injected_faults: list[InjectedFault] = field(default_factory=list)
    _engine_is_on: threading.Lock = field(default_factory=threading.Lock)

    def inject_all(self, events: Sequence[Event], *, enough: Callable[[], bool] = lambda: False) -> None:
        """Inject `events` in their order during uploads; stop as soon as `enough()` is true.

        Raises `PromiseBroken` if uploads don't resume after an event.
        """
        with uploading(
            self._new_client,
            history=self.history,
            seed=f"{self.seed}/{len(self.injected_faults)}",  # other pictures every time
            seconds=EVENT_SECONDS * len(events),
            limit=EVENT_UPLOADS * len(events),
        ) as load:
            for event in takewhile(lambda _: not enough(), events):
                self.injected_faults.append(self._inject(event, load))

    def _new_client(self) -> HttpPlatform:
        return self.stack.new_client(self._address)

    def _address(self) -> str:
        with self._engine_is_on:
            return self.stack.address()

    def _inject(self, event: Event, load: Load) -> InjectedFault:
        before = event.mark(self.stack.identity())
        load.wait_for_uploads(self.rest, since=time.monotonic())
        with journal.step(f"event: {event.name}, during uploads"):
            begun = time.monotonic()
            # Clients don't query an engine that is off: each failed query of the Docker SDK leaves a socket open.
            with self._engine_is_on if event.needs_private_engine else nullcontext():
                event.inject(self.stack, self.operator, self.engine)
            ended = time.monotonic()
            self.stack.health.wait_until_ready()
            (first,) = load.wait_for_uploads(1, since=ended)
        return InjectedFault(event.name, begun, ended, first.ended, before, event.mark(self.stack.identity()))

    def judge(self) -> tuple[Finding, ...]:
        """Look for every acknowledged upload: as the platform serves it, and in the volume."""
        served = read_back(self.stack, self.history)
        return check(self.history, stored=hashes_by_path(self.stack.media.manifest()), served=served)


def supported_faults(engine: Engine, operator: Operator) -> tuple[Event, ...]:
    """Return the supported events: a shared engine must not be killed, and not every guide documents a restart."""
    is_private = engine.private_engine is not None
    possible = [event for event in EVENTS.values() if is_private or not event.needs_private_engine]
    return tuple(event for event in possible if not event.procedure or _describes(operator, event.procedure))


def _describes(operator: Operator, procedure: str) -> bool:
    try:
        operator.step(procedure)
    except Unproven:
        return False
    return True


def shuffled(events: Sequence[Event], seed: str) -> tuple[Event, ...]:
    """Return all of `events` in the order that `seed` determines."""
    return tuple(random.Random(seed).sample(events, len(events)))  # noqa: S311 - so that a run can be repeated


def read_back(stack: Stack, history: Iterable[UploadAttempt]) -> Mapping[str, str]:
    """Ask the platform for every acknowledged upload; return the SHA-256 of what came, "" for nothing, by path."""
    urls = {attempt.path: attempt.url for attempt in history if attempt.outcome == "acknowledged"}
    with journal.timed("request", f"GET {len(urls)} pictures"), journal.muted(), stack.platform.keep_alive():
        return {path: _fetched(stack, url) for path, url in urls.items()}


def _fetched(stack: Stack, url: str) -> str:
    try:
        served = stack.platform.fetch(url)
    except PromiseBroken:
        return ""
    return hashlib.sha256(served.content).hexdigest() if served.status == 200 else ""


def count_uploads(
    injected_faults: Sequence[InjectedFault], history: Sequence[UploadAttempt]
) -> tuple[UploadCounts, ...]:
    """Count the uploads around each fault. Those between two faults count for both."""
    starts = [float("-inf"), *(fault.recovered for fault in injected_faults)]
    ends = [*(fault.begun for fault in injected_faults[1:]), float("inf")]
    return tuple(
        UploadCounts(
            before=count(_within(history, start, fault.begun))["acknowledged"],
            during=count(_within(history, fault.begun, fault.recovered))["acknowledged"],
            after=count(_within(history, fault.recovered, end))["acknowledged"],
            failed=sum(a.outcome != "acknowledged" for a in _within(history, fault.begun, fault.recovered)),
        )
        for fault, start, end in zip(injected_faults, starts, ends, strict=False)
    )


def _within(history: Iterable[UploadAttempt], start: float, end: float) -> list[UploadAttempt]:
    """Return the uploads that ended at `start` or later, and before `end`."""
    return [attempt for attempt in history if start <= attempt.ended < end]


def require_uploads_around(injected_faults: Sequence[InjectedFault], history: Sequence[UploadAttempt]) -> None:
    """Add the upload counts of each fault to the evidence. Raises `NothingCompared` if they prove nothing."""
    counts = count_uploads(injected_faults, history)
    for fault, seen in zip(injected_faults, counts, strict=True):
        journal.add_evidence(f"{fault.event}: {seen}; the first upload after it was accepted {fault.recovery:.2f} s on")
        if not (seen.before and seen.after):
            raise NothingCompared(f"{fault.event} proved nothing: {seen}")
    if not any(seen.failed for seen in counts):
        raise NothingCompared(f"not one of {len(history)} uploads was refused or cut off: no event met one under way")
