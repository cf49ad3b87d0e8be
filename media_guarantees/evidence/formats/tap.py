"""``guarantees.tap``: the verdicts as the Test Anything Protocol, version 14 (testanything.org).

What is unproven is "not ok", as it was not shown; "TODO" keeps it from failing the run where it doesn't.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from media_guarantees.core.escaping import printable
from media_guarantees.core.verdict import BROKEN, PROVED
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.run_summary import RunFacts, explain


def as_tap(facts: RunFacts, judgements: Sequence[Judgement]) -> str:
    """Return a plan, a test point for each guarantee, and TAP's own word for a run that was cut short."""
    lines = ["TAP version 14", f"1..{len(judgements)}"]
    for number, judgement in enumerate(judgements, 1):
        lines += _test_point(number, judgement, facts)
    if not facts.complete:
        lines.append(f"Bail out! {_escaped(facts.cut_short)}")
    return "\n".join(lines) + "\n"


def _test_point(number: int, judgement: Judgement, facts: RunFacts) -> Iterator[str]:
    guarantee, verdict = judgement.guarantee, judgement.verdict
    point = f"{number} - {_escaped(f'{guarantee.identifier}: {guarantee.title}')}"
    if verdict == PROVED:
        yield f"ok {point}"
        return
    why = "beyond the guide" if guarantee.beyond and not facts.beyond else verdict
    reason = _escaped(": ".join(filter(None, (why, judgement.reason))))
    yield f"not ok {point}" + ("" if facts.fails(judgement) else f" # TODO {reason}")
    said = explain(judgement, facts.command) if verdict == BROKEN else [judgement.reason]
    yield from ("  ---", f"  verdict: {verdict}", "  message: |2")
    # A byte order mark, a line break of Unicode's own: YAML knows more of them than `splitlines` does of ours.
    yield from (f"    {line}" for line in printable("\n".join(said)).split("\n"))
    yield "  ..."


def _escaped(text: str) -> str:
    return re.sub(r"[\\#]", r"\\\g<0>", " ".join(printable(text).split()))
