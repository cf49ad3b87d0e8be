"""``guarantees.ctrf.json``: the cases of ``guarantees.junit.xml`` in the Common Test Report Format (ctrf.io), 1.0.0.

A guarantee is a test; the tests that judged it are its steps. `rawStatus` is the verdict. Times are in milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from media_guarantees import __version__
from media_guarantees.core.escaping import printable
from media_guarantees.evidence.formats.cases import ERROR, FAILURE, PASSED, SKIPPED, Case, cases_of
from media_guarantees.evidence.formats.source_files import name_in_repository
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.run_summary import RunFacts

NAME = "media-guarantees"
STATUSES = ("passed", "failed", "skipped", "pending", "other")
_OF_KINDS = {PASSED: "passed", FAILURE: "failed", SKIPPED: "skipped", ERROR: "failed"}
_OF_OUTCOMES = {"passed": "passed", "failed": "failed", "error": "failed", "skipped": "skipped", "not run": "pending"}


def as_ctrf(facts: RunFacts, judgements: Sequence[Judgement]) -> str:
    """Return the report, as JSON."""
    tests = [_test(case) for case in cases_of(facts, judgements)]
    found = [test["status"] for test in tests]
    report = {
        "reportFormat": "CTRF",
        "specVersion": "1.0.0",
        "timestamp": datetime.fromtimestamp(facts.started + facts.seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "generatedBy": NAME,
        "results": {
            "tool": {"name": NAME, "version": __version__},
            "summary": {
                "tests": len(tests),
                **{status: found.count(status) for status in STATUSES},
                "start": _milliseconds(facts.started),
                "stop": _milliseconds(facts.started + facts.seconds),
                "duration": _milliseconds(facts.seconds),
                "extra": {"verdict": facts.verdict(judgements), "complete": facts.complete},
            },
            "tests": tests,
        },
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _test(case: Case) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": case.name,
        "status": _OF_KINDS[case.kind],
        "duration": _milliseconds(case.seconds),
        "suite": ["media guarantees", case.group],
        "message": case.message,
        "trace": case.explanation,
        "stdout": list(case.evidence),
    }
    if case.judgement:
        test["rawStatus"] = case.judgement.verdict
        test["steps"] = [
            {"name": printable(each.nodeid), "status": _OF_OUTCOMES[each.outcome]} for each in case.judgement.tests
        ]
        if promise := case.judgement.promise:
            test["filePath"] = printable(name_in_repository(promise.source))
            test["line"] = promise.line
    return {key: value for key, value in test.items() if value not in ("", [])}


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
