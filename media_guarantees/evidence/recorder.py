"""What each test of a run did and saw, as the test runner and the journal report it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from media_guarantees.core import journal
from media_guarantees.evidence.catalogue import BY_ID
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.judgement import TestRecord
from media_guarantees.evidence.run_summary import RunFacts

CUT_SHORT = "the run ended before this test did"
LEFT_OUT = "left out"


@dataclass(frozen=True)
class Phase:
    """How a phase of a test ended: `name` is ``setup``, ``call`` or ``teardown``; `outcome` is pytest's.

    `started` is seconds since the epoch; `asserted` is whether it failed in an assertion.
    """

    name: str
    outcome: str
    seconds: float
    started: float
    asserted: bool = False


@dataclass
class Recorder:
    """Keeps a record of each test that proves something, and puts the events of the journal into the run's facts.

    `expected` holds what each test proves, by the test's id; `selected` are those of them that are to run. `failed` are
    the ids of all tests that failed, `uncollected` those of files whose tests could not be read. `on_step` is called
    with each step.
    """

    facts: RunFacts
    gaps: Gaps
    records: dict[str, TestRecord] = field(default_factory=dict)
    expected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    selected: tuple[str, ...] = ()
    failed: set[str] = field(default_factory=set)
    uncollected: set[str] = field(default_factory=set)
    on_step: Callable[[journal.Step], None] = lambda _: None
    _observed: list[str] = field(default_factory=list)
    _finished: set[str] = field(default_factory=set)
    _events_before: int = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to the journal for the length of the block."""
        handler = _Handler(self)
        loggers = (journal.EVENTS, journal.EVIDENCE, journal.FIGURES, journal.PROGRESS)
        for logger in loggers:
            logger.setLevel(logging.DEBUG)
            logger.addHandler(handler)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeHandler(handler)

    def expect(self, guarantees: Mapping[str, tuple[str, ...]]) -> None:
        """Note what each test proves, by the test's id. All are to run, unless `selected` is set to fewer."""
        self.expected, self.selected = guarantees, tuple(guarantees)

    def hear(self, record: logging.LogRecord) -> None:
        """Keep what the journal says. It is said in the middle of a test's own work, which no error here may end."""
        with self.gaps.noted("an entry of the journal could not be kept"):
            if record.name == journal.EVENTS.name:
                self.facts.events.append(record.event)  # type: ignore[attr-defined]
            elif record.name == journal.EVIDENCE.name:
                self._observed.append(record.getMessage())
            elif record.name == journal.FIGURES.name:
                self.facts.figures.update(record.figures)  # type: ignore[attr-defined]
            else:
                self._hear_step(record.step)  # type: ignore[attr-defined]

    def _hear_step(self, step: journal.Step) -> None:
        """Keep a step once, when it begins. Work that goes on all the time is only shown."""
        if step.kind == "step" and not has_ended(step):
            self.facts.steps.append(step)
        self.on_step(step)

    def begin_test(self) -> None:
        """Note where in the journal a test begins: events from here on are its own."""
        self._events_before = len(self.facts.events)

    def note_phase(self, nodeid: str, guarantees: tuple[str, ...], phase: Phase) -> TestRecord | None:
        """Note how a phase of a test ended. Return the test's record if this is the phase that made it not pass."""
        record = self.records.setdefault(nodeid, TestRecord(nodeid, guarantees, "not run", "setup", 0.0))
        record.seconds += phase.seconds
        record.started = record.started or phase.started
        record.events = self.facts.events[self._events_before :]
        record.evidence += self._observed
        self._observed.clear()
        if phase.name == "teardown":
            self._finished.add(nodeid)
        if phase.outcome == "passed":
            if phase.name == "call":
                record.outcome, record.phase = "passed", "call"
            return None
        if record.outcome not in {"not run", "passed"}:
            return None
        failed = "failed" if phase.name == "call" else "error"
        record.outcome = "skipped" if phase.outcome == "skipped" else failed
        record.phase, record.asserted = phase.name, phase.asserted
        return record

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The selected tests that have not run to their end."""
        return tuple(nodeid for nodeid in self.selected if nodeid not in self._finished)

    def of_guarantee(self, name: str) -> tuple[TestRecord, ...] | None:
        """Return the records of a guarantee's tests; None as long as one of the tests is not over."""
        tests = tuple(test for test in self.records.values() if name in test.guarantees)
        return tests if len(tests) == sum(name in names for names in self.expected.values()) else None

    def all_records(self, *, everything_selected: bool) -> list[TestRecord]:
        """Return a record of each test, also of those that did not run: without them, nothing is proved.

        `everything_selected` is False where only some tests were named, so that others may not be known at all.
        """
        for nodeid in self.unfinished:
            self._spoil(nodeid)
        left_out = {nodeid: names for nodeid, names in self.expected.items() if nodeid not in self.records}
        if not everything_selected:
            left_out["(tests that were not named)"] = tuple(BY_ID)
        return [
            *self.records.values(),
            *(TestRecord(nodeid, names, "not run", "setup", 0.0, LEFT_OUT) for nodeid, names in left_out.items()),
        ]

    def _spoil(self, nodeid: str) -> None:
        """A test that had passed so far, but did not end, did not pass."""
        record = self.records.setdefault(
            nodeid, TestRecord(nodeid, self.expected.get(nodeid, ()), "not run", "setup", 0.0)
        )
        if record.outcome in {"passed", "not run"}:
            record.outcome, record.message = "not run", CUT_SHORT


def has_ended(step: journal.Step) -> bool:
    """Whether this is the second report of a step, with its length. What is only announced has no length."""
    return step.over and step.seconds > 0


class _Handler(logging.Handler):
    """Hands the journal's records to a recorder."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def emit(self, record: logging.LogRecord) -> None:
        self._recorder.hear(record)
