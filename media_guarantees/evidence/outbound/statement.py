"""``statement.json``: what was tested, and with which result, as an in-toto statement that others can verify.

Its predicate is in-toto's Test Result, 0.1: a guarantee is a test. The subjects are the files that were tested, by
their SHA-256. What the predicate has no field for is in its extension `mediaGuarantees`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from media_guarantees import __version__
from media_guarantees.core import journal
from media_guarantees.core.files import sha256_of
from media_guarantees.core.paths import ROOT
from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.formats.source_files import name_in_repository, repository_of, without_folders
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.run_summary import RunFacts

STATEMENT = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
EXTENSION = "mediaGuarantees"
PASSED, WARNED, FAILED = "PASSED", "WARNED", "FAILED"


def as_statement(
    facts: RunFacts, judgements: Sequence[Judgement], *, subjects: Mapping[Path, str], report: Path
) -> dict[str, Any]:
    """Return the statement about a run. `subjects` are the files that were tested, `report` its ``guarantees.json``."""
    return {
        "_type": STATEMENT,
        "subject": [{"name": _name(file), "digest": {"sha256": digest}} for file, digest in subjects.items()],
        "predicateType": TEST_RESULT,
        "predicate": {
            "result": result_of(facts, judgements),
            "configuration": [_configuration(facts, subjects)],
            "passedTests": _tests(facts, judgements, PASSED),
            "warnedTests": _tests(facts, judgements, WARNED),
            "failedTests": _tests(facts, judgements, FAILED),
            EXTENSION: {
                "version": __version__,
                "verdict": facts.verdict(judgements),
                "complete": facts.complete,
                "reason": facts.stopped,
                "started": _time(facts.started),
                "finished": _time(facts.started + facts.seconds),
                "report": {"name": report.name, "digest": {"sha256": sha256_of(report)}},
            },
        },
    }


def result_of(facts: RunFacts, judgements: Sequence[Judgement]) -> str:
    """Return the run's result: it passed if all was proved, and failed if it was cut short or ends with an error.

    Where a subject changed during the run, it is not known which of the two contents was tested: a warning.
    """
    if not facts.complete or facts.status or any(map(facts.fails, judgements)):
        return FAILED
    return PASSED if facts.verdict(judgements) == PROVED and facts.steady else WARNED


def _tests(facts: RunFacts, judgements: Iterable[Judgement], result: str) -> list[str]:
    """Return the guarantees with this result. What doesn't count in the verdict, but is broken, is a warning."""

    def of(judgement: Judgement) -> str:
        if facts.fails(judgement):
            return FAILED
        return WARNED if judgement.verdict in (BROKEN, UNPROVEN) else PASSED

    return [judgement.guarantee.identifier for judgement in judgements if of(judgement) == result]


def _configuration(facts: RunFacts, subjects: Iterable[Path]) -> dict[str, Any]:
    """Describe the tool and how it was asked, without the names of this machine's folders."""
    folders = [ROOT, *(repository_of(file) or file.resolve().parent for file in subjects)]
    return {
        "name": "media-guarantees",
        "uri": f"pkg:generic/media-guarantees@{__version__}",
        "annotations": {
            "command": journal.redact(without_folders(facts.command, folders)),
            "engine": facts.engine,
            "service": facts.target["service"],
        },
    }


def _name(file: Path) -> str:
    return os.fsencode(name_in_repository(file)).decode(errors="backslashreplace")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def statement_text(statement: Mapping[str, Any]) -> str:
    """Return the statement as it is written and signed."""
    return json.dumps(statement, indent=2, ensure_ascii=True) + "\n"
