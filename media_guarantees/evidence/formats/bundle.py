"""The evidence of a run, as files that people and other programs read."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from media_guarantees.core.files import atomic_link, atomic_write
from media_guarantees.evidence.catalogue import Guarantee
from media_guarantees.evidence.formats.ctrf import as_ctrf
from media_guarantees.evidence.formats.html_page import as_html
from media_guarantees.evidence.formats.junit import as_junit
from media_guarantees.evidence.formats.markdown import as_markdown
from media_guarantees.evidence.formats.sarif import as_sarif
from media_guarantees.evidence.formats.tap import as_tap
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.judgement import Judgement, TestRecord
from media_guarantees.evidence.run_summary import RunFacts
from media_guarantees.guide.reader import Guide, GuideError, Sentence

_READABLE = 0o644  # by all users: their programs collect reports


def as_json(facts: RunFacts, judgements: Sequence[Judgement]) -> dict[str, Any]:
    """Return the content of ``guarantees.json``."""
    return {
        "verdict": facts.verdict(judgements),
        "complete": facts.complete,
        "reason": facts.stopped,
        "not_run": facts.not_run,
        "gaps": facts.gaps,
        "engine": facts.engine,
        "target": facts.target,
        "started": datetime.fromtimestamp(facts.started, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "seconds": round(facts.seconds, 3),
        "command_seconds": round(facts.command_seconds, 3),
        **({"figures": facts.figures} if facts.figures else {}),
        "guarantees": [_guarantee(judgement) for judgement in judgements],
    }


def _guarantee(judgement: Judgement) -> dict[str, Any]:
    promise = judgement.promise
    return {
        "id": judgement.guarantee.identifier,
        "title": judgement.guarantee.title,
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "promise": {"file": str(promise.source), "line": promise.line, "text": promise.text} if promise else None,
        "tests": [_test(test) for test in judgement.tests],
        "evidence": list(dict.fromkeys(line for test in judgement.tests for line in test.evidence)),
    }


def _test(test: TestRecord) -> dict[str, Any]:
    return {
        "nodeid": test.nodeid,
        "outcome": test.outcome,
        "phase": test.phase,
        "seconds": round(test.seconds, 3),
        "message": test.message,
    }


def _json_text(facts: RunFacts, judgements: Sequence[Judgement]) -> str:
    return json.dumps(as_json(facts, judgements), indent=2, ensure_ascii=False) + "\n"


def _json_lines(facts: RunFacts, judgements: Sequence[Judgement]) -> str:
    del judgements
    return "".join(json.dumps(asdict(event)) + "\n" for event in facts.events)


FOR_PROGRAMS = "guarantees.json"
Form = Callable[[RunFacts, Sequence[Judgement]], str]
FILES: dict[str, Form] = {
    FOR_PROGRAMS: _json_text,
    "guarantees.md": as_markdown,
    "guarantees.html": as_html,
    "guarantees.junit.xml": as_junit,
    "guarantees.ctrf.json": as_ctrf,
    "guarantees.tap": as_tap,
    "results.sarif": as_sarif,
    "commands.jsonl": _json_lines,
}


def write(folder: Path, facts: RunFacts, judgements: Sequence[Judgement], gaps: Gaps) -> None:
    """Write all of a run's evidence into `folder` and let ``latest`` beside it point there.

    What can't be written becomes one of the `gaps`; ``guarantees.json`` lists it, if that one can be written.
    """
    known = len(gaps.lines)
    for name in FILES:
        _write_form(folder, name, facts, judgements, gaps)
    with gaps.noted(f"{folder.parent / 'latest'} could not be pointed at this run"):
        point_latest(folder)
    if len(gaps.lines) > known:
        write_for_programs(folder, facts, judgements, gaps)


def write_for_programs(folder: Path, facts: RunFacts, judgements: Sequence[Judgement], gaps: Gaps) -> None:
    """Write ``guarantees.json`` alone: it lists the `gaps`, of which there are more now."""
    _write_form(folder, FOR_PROGRAMS, facts, judgements, gaps)


def _write_form(folder: Path, name: str, facts: RunFacts, judgements: Sequence[Judgement], gaps: Gaps) -> None:
    with gaps.noted(f"{name} could not be written"):
        write_file(folder / name, FILES[name](facts, judgements))


def write_file(file: Path, text: str) -> None:
    """Write a file of the evidence whole or not at all, in UTF-8 in any locale.

    Bytes of names that aren't UTF-8 are escaped, in a way that JSON reads back. The folder may have been removed
    during the run; it is made again.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(file, text.encode(errors="backslashreplace"), mode=_READABLE)


def point_latest(folder: Path) -> None:
    """Let the link ``latest`` beside `folder` point at it, in one step."""
    atomic_link(folder.parent / "latest", folder.name)


def find_promise(guarantee: Guarantee, guide: Guide) -> Sentence | None:
    """Return where `guide` promises `guarantee`: the command that does it, or the sentence that says so."""
    if guarantee.procedure:
        with suppress(GuideError):
            step = guide.step(guarantee.procedure)
            return Sentence(step.source, step.line, step.script)
        return None
    return next(filter(None, map(guide.promise, guarantee.patterns)), None)
