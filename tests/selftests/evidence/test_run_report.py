"""The end of a run: verdicts, exit status and files, which are corrected if the run turns out incomplete."""

import json
from pathlib import Path
from typing import Any

import pytest

from media_guarantees.core.verdict import BROKEN, UNPROVEN
from media_guarantees.evidence.exit_status import OK, TESTS_FAILED
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.recorder import Phase, Recorder
from media_guarantees.evidence.run_report import RunReport
from media_guarantees.evidence.run_summary import RunFacts
from media_guarantees.settings import Settings

TEST = "tests/x.py::test_x"


@pytest.fixture(name="report")
def _report(tmp_path: Path) -> RunReport:
    guide = tmp_path / "guide.md"
    guide.write_text("Media persist when containers are recreated.\n")
    settings = Settings(
        engine="private",
        compose_files=(tmp_path / "docker-compose.yml",),
        guide=guide,
        service="web-project",
        media_root="/media",
        upload="auto",
        report_dir=tmp_path / "reports",
        cache=tmp_path / "cache",
    )
    engine = {"kind": "private", "version": "", "compose": "", "stand_ins": []}
    target = {"compose_files": [], "guide": "", "service": ""}
    facts = RunFacts(engine, target, 0.0)
    gaps = Gaps(lines=facts.gaps)
    return RunReport(settings.report_dir / "1", settings, facts, Recorder(facts, gaps), gaps, {})


def record(report: RunReport, outcome: str, *, names: tuple[str, ...] = ("persistence.recreate",)) -> None:
    """Record a test that ended."""
    report.recorder.expect({TEST: names})
    for phase, ended in (("setup", "passed"), ("call", outcome), ("teardown", "passed")):
        report.recorder.note_phase(TEST, names, Phase(phase, ended, 0.1, 1.0, asserted=True))
    if outcome == "failed":
        report.recorder.failed.add(TEST)


def judge(report: RunReport, status: int = OK, **options: Any) -> int:
    usual = {"why_unfinished": "", "everything_selected": True, "whole_catalogue": True}
    return report.judge(status, **{**usual, **options})


def written(report: RunReport) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((report.folder / "guarantees.json").read_text("utf-8"))
    return found


def test_a_broken_promise_is_judged_with_where_it_is_made(report: RunReport) -> None:
    record(report, "failed")

    assert judge(report, TESTS_FAILED) == TESTS_FAILED
    assert report.verdict == BROKEN
    (broken,) = [each for each in report.judgements if each.verdict == BROKEN]
    assert broken.promise is not None
    assert broken.promise.line == 1


def test_the_gate_answers_for_the_guarantees_that_it_has_tests_of(report: RunReport) -> None:
    record(report, "passed")

    judge(report, whole_catalogue=False)

    assert [each.guarantee.identifier for each in report.judgements] == ["persistence.recreate"]


@pytest.mark.parametrize("everything_selected", [True, False])
def test_a_run_without_a_real_archive_does_not_answer_for_one(report: RunReport, everything_selected: bool) -> None:
    record(report, "passed")

    judge(report, everything_selected=everything_selected)

    judged = [each.guarantee.identifier for each in report.judgements]
    assert "backup.complete" in judged
    assert [name for name in judged if name in {"backup.fresh", "backup.retained"}] == []


def test_a_run_answers_for_a_real_archive_that_it_has_a_test_of(report: RunReport) -> None:
    report.recorder.expect({TEST: ("backup.fresh",)})

    judge(report, whole_catalogue=False)

    assert [each.guarantee.identifier for each in report.judgements] == ["backup.fresh"]


def test_a_guide_that_can_not_be_understood_promises_nothing(report: RunReport) -> None:
    report.settings.guide.unlink()
    record(report, "passed")

    judge(report)

    assert {each.promise for each in report.judgements} == {None}
    assert report.gaps.lines == []


def test_files_that_could_not_be_read_make_the_run_incomplete(report: RunReport) -> None:
    record(report, "failed", names=("beyond.power_loss",))
    report.recorder.uncollected.add("tests/y.py")

    assert judge(report, TESTS_FAILED) == TESTS_FAILED, "what was not read may lie in the document"
    assert report.facts.stopped == "tests that could not be read: tests/y.py"


def test_what_was_written_is_no_longer_proved_when_the_run_crashes_afterwards(report: RunReport) -> None:
    record(report, "passed")
    judge(report, whole_catalogue=False)
    report.write()
    assert written(report)["verdict"] == "proved"

    report.mark_incomplete("an internal error: KeyError: 'x'")

    content = written(report)
    assert (content["verdict"], content["complete"], content["reason"]) == (
        UNPROVEN,
        False,
        "an internal error: KeyError: 'x'",
    )
    assert "unproven" in (report.folder / "guarantees.md").read_text()


def test_a_run_without_evidence_leaves_none_when_it_crashes(report: RunReport) -> None:
    report.mark_incomplete("an internal error")

    assert not report.folder.exists()
