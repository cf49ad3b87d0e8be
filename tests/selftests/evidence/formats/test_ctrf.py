"""The CTRF report has the shape of its schema, and the cases, counts and failures of the JUnit report."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from fake_run import HELD, LOST, facts, hostile_run, judgement, typical_run
from json_shape import faults

from media_guarantees import __version__
from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.formats.ctrf import STATUSES, as_ctrf
from media_guarantees.evidence.formats.junit import as_junit
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.run_summary import RunFacts
from media_guarantees.guide.reader import Sentence

# The published schema (ctrf.schema.json, 1.0.0), with the properties that are used here.
STATUS = {*STATUSES}
TEST = {
    "name": str,
    "status": STATUS,
    "duration": int,
    "suite": [str],
    "message?": str,
    "trace?": str,
    "rawStatus?": str,
    "filePath?": str,
    "line?": int,
    "stdout?": [str],
    "steps?": [{"name": str, "status": STATUS}],
}
SUMMARY = {
    **dict.fromkeys(("tests", *STATUSES), int),
    **dict.fromkeys(("start", "stop", "duration"), int),
    "extra": {"*": object},
}
REPORT = {
    "reportFormat": {"CTRF"},
    "specVersion": {"1.0.0"},
    "timestamp": str,
    "generatedBy": str,
    "results": {"tool": {"name": str, "version": str}, "summary": SUMMARY, "tests": [TEST]},
}


def results_of(run: RunFacts, judgements: list[Judgement]) -> dict[str, Any]:
    report = json.loads(as_ctrf(run, judgements))
    assert list(faults(report, REPORT)) == []
    found: dict[str, Any] = report["results"]
    return found


def test_a_guarantee_is_a_test_and_its_tests_are_steps(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    promise = Sentence(tmp_path / "docs" / "guide.md", 15, "Media persist")

    (test,) = results_of(facts(), [judgement(BROKEN, HELD, LOST, promise=promise)])["tests"]

    assert test == {
        "name": "Media survive a recreated container",
        "status": "failed",
        "duration": 1735,
        "suite": ["media guarantees", "persistence.recreate"],
        "message": "broken: promised: guide.md, line 15: Media persist",
        "trace": "promised: guide.md, line 15: Media persist\n"
        "seen: 3 files are missing\nmeans: they are lost\nnext: restore the last backup\n"
        "again: make verify ARGS='tests/x.py::test_lost'",
        "stdout": ["12 files", "container 3f2a became 91bc"],
        "rawStatus": "broken",
        "steps": [
            {"name": "tests/x.py::test_held", "status": "passed"},
            {"name": "tests/x.py::test_lost", "status": "failed"},
        ],
        "filePath": "docs/guide.md",
        "line": 15,
    }


def test_the_summary_counts_and_times_the_run() -> None:
    results = results_of(facts(), [judgement(PROVED, HELD), judgement(BROKEN, LOST), judgement(UNPROVEN, reason="x")])

    assert results["tool"]["version"] == __version__
    assert results["summary"] == {
        "tests": 3,
        "passed": 1,
        "failed": 1,
        "skipped": 1,
        "pending": 0,
        "other": 0,
        "start": 1_767_225_600_900,
        "stop": 1_767_225_610_900,
        "duration": 10_000,
        "extra": {"verdict": "broken", "complete": True},
    }


@pytest.mark.parametrize(
    ("verdict", "name", "options", "status"),
    [
        (UNPROVEN, "backup.complete", {}, "skipped"),
        (UNPROVEN, "backup.complete", {"require_all": True}, "failed"),
        (BROKEN, "beyond.power_loss", {}, "skipped"),
        (BROKEN, "beyond.power_loss", {"beyond": True}, "failed"),
    ],
)
def test_what_does_not_fail_the_run_has_not_failed(
    verdict: str, name: str, options: dict[str, bool], status: str
) -> None:
    (test,) = results_of(facts(**options), [judgement(verdict, LOST, name=name)])["tests"]

    assert (test["status"], test["rawStatus"]) == (status, verdict)


def test_a_run_that_was_cut_short_has_a_test_that_failed() -> None:
    results = results_of(facts(stopped="interrupted by Ctrl-C", not_run=7), [judgement(PROVED, HELD)])

    assert (results["summary"]["failed"], results["summary"]["extra"]["complete"]) == (1, False)
    assert results["tests"][-1]["message"] == "incomplete: interrupted by Ctrl-C; 7 tests did not run to the end"


@pytest.mark.parametrize("run", [typical_run, hostile_run], ids=["typical", "hostile"])
def test_it_says_what_the_junit_report_says(run: Any) -> None:
    tests = results_of(*run())["tests"]

    (suite,) = ET.fromstring(as_junit(*run()).encode())  # noqa: S314 - our own, just written
    assert [test["name"] for test in tests] == [case.get("name") for case in suite]
    assert [test["status"] == "failed" for test in tests] == [
        case.find("failure") is not None or case.find("error") is not None for case in suite
    ]
