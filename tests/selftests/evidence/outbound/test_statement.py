"""The statement says what was tested with which result, in the form of in-toto, and passes only what was proved."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from fake_run import HELD, LOST, facts, hostile_run, judgement, typical_run
from json_shape import faults

from media_guarantees import __version__
from media_guarantees.core.files import sha256_of
from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.outbound.statement import as_statement, result_of, statement_text
from media_guarantees.evidence.run_summary import RunFacts

# in-toto's Statement v1 and its predicate Test Result v0.1; `mediaGuarantees` is an extension, which both allow.
DIGEST = {"sha256": str}
FILE = {"name": str, "digest": DIGEST}
PREDICATE = {
    "result": {"PASSED", "WARNED", "FAILED"},
    "configuration": [{"name": str, "uri": str, "annotations": {"*": object}}],
    "passedTests": [str],
    "warnedTests": [str],
    "failedTests": [str],
    "mediaGuarantees": {
        **dict.fromkeys(("version", "verdict", "reason", "started", "finished"), str),
        "complete": bool,
        "report": FILE,
    },
}
STATEMENT = {
    "_type": {"https://in-toto.io/Statement/v1"},
    "subject": [FILE],
    "predicateType": {"https://in-toto.io/attestation/test-result/v0.1"},
    "predicate": PREDICATE,
}


@pytest.fixture(name="repository")
def _repository(tmp_path: Path) -> Path:
    """A repository with a guide, and a report beside it."""
    for folder in (".git", "docs", "reports"):
        (tmp_path / folder).mkdir()
    (tmp_path / "docs" / "guide.md").write_text("# Media\n")
    (tmp_path / "reports" / "guarantees.json").write_text("{}\n")
    return tmp_path


def statement_of(repository: Path, run: RunFacts, judgements: list[Judgement]) -> dict[str, Any]:
    guide, report = repository / "docs" / "guide.md", repository / "reports" / "guarantees.json"
    found = json.loads(statement_text(as_statement(run, judgements, subjects={guide: sha256_of(guide)}, report=report)))
    assert list(faults(found, STATEMENT)) == []
    statement: dict[str, Any] = found
    return statement


def test_the_subjects_are_the_files_that_were_tested(repository: Path) -> None:
    statement = statement_of(repository, facts(), [judgement(PROVED, HELD)])

    digest = hashlib.sha256(b"# Media\n").hexdigest()
    assert statement["subject"] == [{"name": "docs/guide.md", "digest": {"sha256": digest}}]


def test_the_run_is_described_with_its_version_times_and_report(repository: Path) -> None:
    run = facts(command=f"make verify GUIDE={repository}/docs/guide.md")

    predicate = statement_of(repository, run, [judgement(PROVED, HELD)])["predicate"]

    report = hashlib.sha256(b"{}\n").hexdigest()
    assert predicate["mediaGuarantees"] == {
        "version": __version__,
        "verdict": "proved",
        "complete": True,
        "reason": "",
        "started": "2026-01-01T00:00:00Z",
        "finished": "2026-01-01T00:00:10Z",
        "report": {"name": "guarantees.json", "digest": {"sha256": report}},
    }
    (configuration,) = predicate["configuration"]
    assert configuration["annotations"]["command"] == "make verify GUIDE=docs/guide.md"


def test_each_guarantee_is_in_the_list_of_its_verdict(repository: Path) -> None:
    judgements = [
        judgement(PROVED, HELD, name="volume.mounted"),
        judgement(UNPROVEN, name="restore.repair", reason="no root"),
        judgement(BROKEN, LOST, name="backup.complete"),
        judgement(BROKEN, LOST, name="beyond.power_loss"),
    ]

    predicate = statement_of(repository, facts(), judgements)["predicate"]

    assert predicate["passedTests"] == ["volume.mounted"]
    assert predicate["warnedTests"] == ["restore.repair", "beyond.power_loss"]
    assert predicate["failedTests"] == ["backup.complete"]


@pytest.mark.parametrize(
    ("options", "verdict", "result"),
    [
        ({}, PROVED, "PASSED"),
        ({}, UNPROVEN, "WARNED"),
        ({}, BROKEN, "FAILED"),
        ({"require_all": True, "status": 1}, UNPROVEN, "FAILED"),
        ({"status": 1}, PROVED, "FAILED"),
        ({"steady": False}, PROVED, "WARNED"),
        ({"steady": False}, BROKEN, "FAILED"),
        ({"stopped": "interrupted by Ctrl-C"}, PROVED, "FAILED"),
        ({"stopped": "interrupted by Ctrl-C"}, UNPROVEN, "FAILED"),
    ],
)
def test_a_run_passed_only_if_it_is_whole_and_all_was_proved(
    options: dict[str, Any], verdict: str, result: str
) -> None:
    assert result_of(facts(**options), [judgement(verdict, LOST, reason="no root")]) == result


def test_a_run_that_judged_nothing_did_not_pass() -> None:
    assert result_of(facts(), []) == "WARNED"


@pytest.mark.parametrize("run", [typical_run, hostile_run], ids=["typical", "hostile"])
def test_it_has_the_form_of_in_toto_whatever_was_seen(repository: Path, run: Any) -> None:
    assert statement_of(repository, *run())["predicate"]["failedTests"]
