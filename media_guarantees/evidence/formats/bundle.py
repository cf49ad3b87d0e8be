"""The evidence of a run, as files that people and other programs read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from media_guarantees.core.files import atomic_link
from media_guarantees.evidence.catalogue import Guarantee
from media_guarantees.evidence.formats.html_page import as_html
from media_guarantees.evidence.formats.junit import as_junit
from media_guarantees.evidence.formats.markdown import as_markdown
from media_guarantees.evidence.formats.tap import as_tap
from media_guarantees.evidence.judgement import Judgement, TestRecord, overall
from media_guarantees.evidence.run_summary import RunFacts
from media_guarantees.guide.reader import Guide, GuideError, Sentence


def as_json(facts: RunFacts, judgements: Sequence[Judgement]) -> dict[str, Any]:
    """Return the content of ``guarantees.json``."""
    return {
        "verdict": overall(judgements, beyond=facts.beyond),
        "engine": facts.engine,
        "target": facts.target,
        "started": datetime.fromtimestamp(facts.started, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "seconds": round(facts.seconds, 3),
        "command_seconds": round(facts.command_seconds, 3),
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


def write(folder: Path, facts: RunFacts, judgements: Sequence[Judgement]) -> None:
    """Write all of a run's evidence into `folder` and let ``latest`` beside it point there."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "guarantees.json", json.dumps(as_json(facts, judgements), indent=2, ensure_ascii=False) + "\n")
    for name, text in (
        ("guarantees.md", as_markdown(facts, judgements)),
        ("guarantees.html", as_html(facts, judgements)),
        ("guarantees.junit.xml", as_junit(facts, judgements)),
        ("guarantees.tap", as_tap(facts, judgements)),
    ):
        _write(folder / name, text)
    with (folder / "commands.jsonl").open("w") as stream:
        for event in facts.events:
            stream.write(json.dumps(asdict(event)) + "\n")
    point_latest(folder)


def _write(file: Path, text: str) -> None:
    """Write UTF-8 in any locale; bytes of names that aren't UTF-8 are escaped, in a way that JSON reads back."""
    file.write_text(text, encoding="utf-8", errors="backslashreplace")


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
