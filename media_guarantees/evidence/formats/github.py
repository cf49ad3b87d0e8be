"""What GitHub Actions shows of a run: annotations at lines of the guide, and a summary of the job.

Both as its documentation, "Workflow commands for GitHub Actions", defines them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from media_guarantees.core.escaping import printable, shortened
from media_guarantees.core.verdict import BROKEN, PROVED
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.run_summary import RunFacts, explain, parts_of

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
SUMMARY_LIMIT = 1024 * 1024  # of one step; beyond, GitHub shows none of it


def is_here(environment: Mapping[str, str]) -> bool:
    """Whether this is a job of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


def annotate(facts: RunFacts, judgements: Sequence[Judgement], workspace: Path) -> Iterator[str]:
    """Yield a command for each guarantee that is not proved: where the guide promises it, and what was seen.

    What fails the run is an error, what is broken but goes beyond the guide a warning, the rest a notice. That the run
    was cut short is an error too.
    """
    if not facts.complete:
        yield f"::error title=the run is incomplete::{_data(shortened(printable(facts.cut_short), 2000))}"
    for judgement in judgements:
        if judgement.verdict != PROVED:
            broken = judgement.verdict == BROKEN
            level = "error" if facts.fails(judgement) else "warning" if broken else "notice"
            parts = [part for part in parts_of(explain(judgement, facts.command)) if part[0] != "promised"]
            text = "\n".join(f"{name}: {said}" for name, said in parts) if broken else judgement.reason
            title = f"{judgement.guarantee.identifier} is {judgement.verdict}: {judgement.guarantee.title}"
            place = _place(judgement, workspace)
            properties = ",".join(f"{name}={_property(value)}" for name, value in [*place, ("title", title)])
            yield f"::{level} {properties}::{_data(shortened(printable(text), 2000))}"


def summarize(file: Path, markdown: str) -> None:
    """Append the run's Markdown to the summary of the step, unless that would exceed what GitHub shows."""
    with file.open("a", encoding="utf-8", errors="backslashreplace") as summary:
        if os.fstat(summary.fileno()).st_size + len(markdown.encode(errors="backslashreplace")) <= SUMMARY_LIMIT:
            summary.write(markdown)


def _place(judgement: Judgement, workspace: Path) -> list[tuple[str, str]]:
    """File and line in the guide, as GitHub knows the file: by its path in the repository."""
    promise = judgement.promise
    if promise is None:
        return []
    source = promise.source.resolve()
    inside = source.is_relative_to(workspace.resolve())
    return [("file", str(source.relative_to(workspace.resolve()) if inside else source)), ("line", str(promise.line))]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
