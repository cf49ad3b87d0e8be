"""The JUnit XML is well-formed whatever was seen, and its failures are exactly those that fail the run."""

import xml.etree.ElementTree as ET

import pytest
from fake_run import HELD, HOSTILE, LOST, facts, hostile_run, judgement

from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.formats.junit import as_junit
from media_guarantees.evidence.judgement import Judgement


def suite_of(*judgements: Judgement, **options: bool) -> ET.Element:
    (suite,) = ET.fromstring(as_junit(facts(**options), judgements).encode())  # noqa: S314 - our own, just written
    return suite


def test_each_guarantee_is_a_case_at_its_line_of_the_guide() -> None:
    (case,) = suite_of(judgement(PROVED, HELD))

    assert case.attrib == {
        "classname": "persistence.recreate",
        "name": "Media survive a recreated container",
        "time": "1.235",
        "file": "docs/guide.md",
        "line": "15",
    }
    assert [(child.tag, child.text) for child in case] == [("system-out", "12 files")]


def test_verdicts_are_counted() -> None:
    suite = suite_of(judgement(PROVED, HELD), judgement(BROKEN, LOST), judgement(UNPROVEN, reason="no root"))

    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped"), suite.get("errors")) == (
        "3",
        "1",
        "1",
        "0",
    )
    assert suite.get("timestamp") == "2026-01-01T00:00:00"


def test_a_broken_guarantee_is_a_failure_that_explains_itself() -> None:
    failure = suite_of(judgement(BROKEN, LOST)).find("testcase/failure")

    assert failure is not None
    assert failure.get("message", "").startswith("broken: promised: guide.md, line 15")
    assert "next: restore the last backup" in (failure.text or "")


@pytest.mark.parametrize(("require_all", "kind"), [(False, "skipped"), (True, "failure")])
def test_an_unproven_one_is_skipped_unless_it_fails_the_run(require_all: bool, kind: str) -> None:
    (case,) = suite_of(judgement(UNPROVEN, reason="no root", promise=None), require_all=require_all)

    assert [(child.tag, child.get("message")) for child in case] == [(kind, "unproven: no root")]
    assert "file" not in case.attrib


def test_whatever_was_seen_it_can_be_read() -> None:
    root = ET.fromstring(as_junit(*hostile_run()).encode())  # noqa: S314 - our own, just written

    said = root.findtext("testsuite/testcase/system-out") or ""
    assert said.startswith(HOSTILE[0])
    assert r"\xff\xfe.jpg" in said
    assert r"\x07\x00" in said
