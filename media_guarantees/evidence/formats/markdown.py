"""``guarantees.md``: the verdict as GitHub and GitLab show it, in a pull request's comment or a job's summary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from media_guarantees.core.escaping import printable, shortened
from media_guarantees.core.verdict import BROKEN, MARKS, PROVED, UNPROVEN
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.run_summary import RunFacts, counts, explain

# A comment on GitHub holds 65,536 characters. What a file's name may add in escapes stays below the rest.
LIMIT = 60_000
EXPLANATION_LIMIT = 4_000
GAPS_SHOWN = 10
COLOURS = {PROVED: "🟢", BROKEN: "🔴", UNPROVEN: "🟡"}


def as_markdown(facts: RunFacts, judgements: Sequence[Judgement]) -> str:
    """Return the verdict, every broken promise explained, and a table of all; short enough for a comment."""
    verdict = facts.verdict(judgements)
    head = [
        f"# {COLOURS[verdict]} Media guarantees: {verdict}",
        "",
        f"{counts(judgements)}; {facts.seconds:.0f} s on a {facts.engine['kind']} engine {facts.engine['version']}.",
    ]
    if not facts.complete:
        head += ["", f"**Incomplete:** {code(facts.cut_short)}. A run that was cut short proves nothing as a whole."]
    if stand_ins := facts.engine.get("stand_ins"):
        head += ["", f"Images that others stood in for: {', '.join(map(code, stand_ins))}."]
    gaps = [f"- {code(line)}" for line in facts.gaps[:GAPS_SHOWN]]
    if gaps:
        head += ["", f"Evidence that could not be gathered ({len(facts.gaps)}):", "", *gaps]
    table = ["", *_fold(f"All {len(judgements)} guarantees", _table(judgements), unfolded=verdict != BROKEN)]
    room = LIMIT - len("\n".join([*head, *table]))
    return "\n".join([*head, *_explanations(facts, judgements, room), *table]) + "\n"


def _explanations(facts: RunFacts, judgements: Iterable[Judgement], room: int) -> Iterator[str]:
    """Yield a section for each broken promise, as long as there is room."""
    left_out = 0
    for judgement in judgements:
        if judgement.verdict == BROKEN:
            text = shortened("\n".join(explain(judgement, facts.command)), EXPLANATION_LIMIT)
            title = f"## ✗ Broken: {judgement.guarantee.title}"
            section = ["", title, "", f"`{judgement.guarantee.identifier}`", "", *_fence(text)]
            room -= len("\n".join(section))
            if room > 0:
                yield from section
            else:
                left_out += 1
    if left_out:
        yield from ("", f"{left_out} more broken promises are explained in guarantees.html.")


def _table(judgements: Iterable[Judgement]) -> Iterator[str]:
    yield from ("| | guarantee | verdict | tests | what was seen |", "|---|---|---|---|---|")
    for judgement in judgements:
        seen = next((line for test in judgement.tests for line in test.evidence), judgement.reason)
        cells = (
            MARKS[judgement.verdict],
            f"`{judgement.guarantee.identifier}` {judgement.guarantee.title}",
            judgement.verdict,
            str(len(judgement.tests)),
            code(seen) if seen else "",
        )
        yield f"| {' | '.join(cells)} |"


def code(text: str, length: int = 160) -> str:
    """Return `text` as code in one line of a table: no mention, no link, no image, and no end of the cell."""
    line = " ".join(shortened(printable(text), length).split())
    fence = "`" * (_longest_run("`", line) + 1)
    padding = " " if line.startswith("`") or line.endswith("`") else ""
    return fence + padding + line.replace("|", "\\|") + padding + fence


def _fence(text: str) -> list[str]:
    """Return a block of code that nothing in `text` can end."""
    lines = printable(text).splitlines()
    fence = "`" * max(3, _longest_run("`", text) + 1)
    return [f"{fence}text", *lines, fence]


def _longest_run(character: str, text: str) -> int:
    return max(map(len, re.findall(f"{re.escape(character)}+", text)), default=0)


def _fold(title: str, lines: Iterable[str], *, unfolded: bool) -> list[str]:
    return [f"<details{' open' * unfolded}><summary>{title}</summary>", "", *lines, "", "</details>"]
