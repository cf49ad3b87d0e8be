"""Verdicts from the records of tests: three values, and "unproven" whenever nothing was shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from media_guarantees.core.journal import Event
from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN, combine
from media_guarantees.evidence.catalogue import CATALOGUE, Guarantee
from media_guarantees.evidence.thumbnails import Pair
from media_guarantees.guide.reader import Sentence


@dataclass
class TestRecord:
    """How one test ended. `phase` is the one that decided: ``setup``, ``call`` or ``teardown``.

    `outcome` is ``passed``, ``failed``, ``error``, ``skipped`` or ``not run``. `asserted` is whether it failed in an
    assertion. `started` is seconds since the epoch, `events` what ran during the test. Of a test that did not pass,
    `log` holds the containers' logs, `detail` every difference that was found, `pictures` the media concerned.
    """

    __test__ = False

    nodeid: str
    guarantees: tuple[str, ...]
    outcome: str
    phase: str
    seconds: float
    message: str = ""
    asserted: bool = False
    evidence: list[str] = field(default_factory=list)
    started: float = 0.0
    events: list[Event] = field(default_factory=list)
    log: str = ""
    detail: str = ""
    pictures: tuple[Pair, ...] = ()

    @property
    def broke_a_promise(self) -> bool:
        """Whether it failed in its own assertions: only that breaks a guarantee."""
        return self.outcome == "failed" and self.phase == "call" and self.asserted


@dataclass(frozen=True)
class Judgement:
    """The verdict on one guarantee. `reason` says why an unproven one is unproven."""

    guarantee: Guarantee
    verdict: str
    reason: str
    tests: tuple[TestRecord, ...]
    promise: Sentence | None = None


def judge_tests(tests: Sequence[TestRecord]) -> tuple[str, str]:
    """Return the verdict on a guarantee with these tests, and the reason if it is unproven."""
    if any(test.broke_a_promise for test in tests):
        return BROKEN, ""
    if all(test.outcome == "not run" for test in tests):
        return UNPROVEN, "no test of it ran"
    for test in tests:
        if test.outcome != "passed":
            lines = test.message.strip().splitlines() or [test.outcome]
            return UNPROVEN, f"{test.outcome} in {test.phase}: {lines[0].removeprefix('Skipped: ')}"
    return PROVED, ""


def judge(tests: Iterable[TestRecord], promises: dict[str, Sentence | None]) -> tuple[Judgement, ...]:
    """Return a judgement for every guarantee of the catalogue, in its order."""
    of: dict[str, list[TestRecord]] = {guarantee.identifier: [] for guarantee in CATALOGUE}
    for test in tests:
        for identifier in test.guarantees:
            of[identifier].append(test)
    judgements = []
    for guarantee in CATALOGUE:
        verdict, reason = judge_tests(of[guarantee.identifier])
        promise = promises.get(guarantee.identifier)
        judgements.append(Judgement(guarantee, verdict, reason, tuple(of[guarantee.identifier]), promise))
    return tuple(judgements)


def overall(judgements: Iterable[Judgement], *, beyond: bool, complete: bool = True) -> str:
    """Return the run's verdict. What goes beyond the guide counts only if `beyond`; nothing judged is unproven.

    A run that is not `complete` may be broken, but is never proved.
    """
    counted = [judgement.verdict for judgement in judgements if beyond or not judgement.guarantee.beyond]
    return combine(counted if complete else [*counted, UNPROVEN])
