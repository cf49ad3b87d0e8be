"""What the formats for test reports show: a case for each guarantee, and one for a run that was cut short.

A broken guarantee is a failure, an unproven one is skipped, or fails where it fails the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from media_guarantees.core.escaping import printable
from media_guarantees.core.verdict import BROKEN, PROVED
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.run_summary import RunFacts, explain

PASSED, FAILURE, SKIPPED, ERROR = "passed", "failure", "skipped", "error"


@dataclass(frozen=True)
class Case:
    """A guarantee as a test. `kind` is one of the four above; every text is printable.

    `message` is one line, `explanation` all that is said of a case that did not pass, `evidence` what its tests saw.
    `judgement` is None for the case of the run itself.
    """

    group: str
    name: str
    kind: str
    message: str = ""
    explanation: str = ""
    evidence: tuple[str, ...] = ()
    judgement: Judgement | None = None

    @property
    def seconds(self) -> float:
        """How long its tests took."""
        return sum(test.seconds for test in self.judgement.tests) if self.judgement else 0.0


def cases_of(facts: RunFacts, judgements: Sequence[Judgement]) -> Iterator[Case]:
    """Yield a case for each judgement, and one with an error if the run is not complete: those cases are not all."""
    for judgement in judgements:
        yield _case(judgement, facts)
    if not facts.complete:
        yield Case("run", "The run is complete", ERROR, printable(f"incomplete: {facts.cut_short}"))


def _case(judgement: Judgement, facts: RunFacts) -> Case:
    guarantee, verdict = judgement.guarantee, judgement.verdict
    kind = PASSED if verdict == PROVED else FAILURE if facts.fails(judgement) else SKIPPED
    said = "\n".join(explain(judgement, facts.command)) if verdict == BROKEN else judgement.reason
    return Case(
        guarantee.identifier,
        printable(guarantee.title),
        kind,
        "" if kind == PASSED else printable(f"{verdict}: {said}".split("\n")[0]),
        "" if kind == PASSED else printable(said),
        tuple(map(printable, dict.fromkeys(line for test in judgement.tests for line in test.evidence))),
        judgement,
    )
