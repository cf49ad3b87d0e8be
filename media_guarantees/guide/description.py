"""What is read out of a guide, in words: for its author, without Docker."""

from __future__ import annotations

from collections.abc import Iterator

from media_guarantees.guide.parsing.not_typed import why_not_typed
from media_guarantees.guide.parsing.understood import not_understood
from media_guarantees.guide.reader import Guide, StepAmbiguous, StepMissing
from media_guarantees.guide.steps import PROCEDURES, Step

_KINDS = {
    "archive": "an archive",
    "folder": "a folder",
    "other": "a copy that only the program that made it reads",
    "effect": "what only running it shows",
}


def guide_report(guide: Guide) -> Iterator[str]:
    """Yield a paragraph for each procedure: its line, its commands, what it touches, and what stands against it."""
    for procedure in PROCEDURES:
        try:
            step = guide.step(procedure)
        except (StepMissing, StepAmbiguous) as unclear:
            yield f"{procedure}: {unclear}"
            continue
        yield "\n".join([f"{procedure}: line {step.line} of {step.source.name}", *_lines(step, guide)])
        for other in guide.steps:
            if other.procedure == procedure and other.script != step.script:
                yield f"{procedure}: line {other.line} is another one, and not taken"
    for aside in guide.asides:
        yield f"{aside.procedure}: line {aside.line} is for {aside.machine}, and not taken"


def _lines(step: Step, guide: Guide) -> Iterator[str]:
    yield from (f"    {line}" for line in step.script.splitlines())
    if named := _touched(step):
        yield f"  touches: {', '.join(named)}"
    if guide.media and step.touches(guide.media) is False:
        yield f"  fault: the media are in {', '.join(sorted(guide.media))}"
    if step.procedure in {"backup", "restore"}:
        verb = "makes" if step.procedure == "backup" else "reads"
        yield f"  {verb}: {_KINDS[step.kind]} {step.archive or ''}".rstrip()
    yield from (f"  left out, as it is for another place: {line}" for line in step.left_out)
    if step.placeholder:
        yield f"  to fill in: {step.placeholder}"
    if obstacle := why_not_typed(step.script):
        yield f"  not typed: {obstacle}"
    elif step.kind != "archive":
        yield "  typed on a private engine alone: only its effect shows what it does"
    elif reason := not_understood(step.script):
        yield f"  typed on a private engine alone: {reason}"


def _touched(step: Step) -> list[str]:
    return [source for source, _ in step.volumes if source]
