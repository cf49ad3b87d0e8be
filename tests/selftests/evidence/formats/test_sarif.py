"""SARIF has each broken promise at its line of the guide, and says nothing about the machine that ran the tests."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_run import LOST, facts, hostile_run, judgement, typical_run
from json_shape import faults

from media_guarantees.core.paths import ROOT
from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.catalogue import BY_ID, CATALOGUE
from media_guarantees.evidence.formats.sarif import as_sarif
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.run_summary import RunFacts
from media_guarantees.guide.reader import Sentence

# The objects of the published schema (sarif-schema-2.1.0.json), with the properties that are used here.
TEXT = {"text": str}
LEVELS = {"none", "note", "warning", "error"}
NOTIFICATION = {"level": LEVELS, "message": TEXT}
RULE = {
    "id": str,
    "shortDescription": TEXT,
    "fullDescription": TEXT,
    "help": TEXT,
    "defaultConfiguration": {"level": LEVELS},
    "properties": {"tags": [str]},
}
LOCATION = {
    "physicalLocation": {"artifactLocation": {"uri": str, "uriBaseId": {"%SRCROOT%"}}, "region": {"startLine": int}}
}
RESULT = {"ruleId": str, "ruleIndex": int, "level": LEVELS, "message": TEXT, "locations": [LOCATION]}
INVOCATION = {
    "executionSuccessful": bool,
    "startTimeUtc": str,
    "endTimeUtc": str,
    "toolExecutionNotifications": [NOTIFICATION],
}
RUN = {
    "tool": {"driver": {"name": str, "version": str, "semanticVersion": str, "rules": [RULE]}},
    "automationDetails": {"id": str},
    "invocations": [INVOCATION],
    "originalUriBaseIds": {"%SRCROOT%": {"description": TEXT}},
    "results": [RESULT],
}
LOG = {"$schema": str, "version": {"2.1.0"}, "runs": [RUN]}


def run_of(run: RunFacts, judgements: list[Judgement]) -> dict[str, Any]:
    log = json.loads(as_sarif(run, judgements))
    assert list(faults(log, LOG)) == []
    (only,) = log["runs"]
    found: dict[str, Any] = only
    return found


def result_of(promise: Sentence | None, *, run: RunFacts | None = None, message: str = LOST.message) -> dict[str, Any]:
    """Return the result of a guarantee that a test broke with this message."""
    test = replace(LOST, message=message)
    (result,) = run_of(run or facts(), [judgement(BROKEN, test, promise=promise)])["results"]
    found: dict[str, Any] = result
    return found


def place_of(result: dict[str, Any]) -> tuple[str, int]:
    place = result["locations"][0]["physicalLocation"]
    return place["artifactLocation"]["uri"], place["region"]["startLine"]


@pytest.fixture(name="repository")
def _repository(tmp_path: Path) -> Path:
    """A repository with a guide."""
    folder = tmp_path / "platform"
    (folder / ".git").mkdir(parents=True)
    (folder / "docs").mkdir()
    return folder


@pytest.mark.parametrize("run", [typical_run, hostile_run], ids=["typical", "hostile"])
def test_it_has_the_shape_of_the_schema(run: Any) -> None:
    assert run_of(*run())["results"]


def test_each_guarantee_is_a_rule_with_its_title_and_help() -> None:
    run = run_of(*typical_run())
    guarantee = BY_ID["backup.complete"]

    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [each.identifier for each in CATALOGUE]
    (result,) = run["results"]
    rule = rules[result["ruleIndex"]]
    assert (rule["id"], result["ruleId"]) == (guarantee.identifier, guarantee.identifier)
    assert rule["shortDescription"]["text"] == f"{guarantee.title}."
    assert guarantee.means in rule["help"]["text"]


def test_a_broken_promise_stands_at_its_line_of_the_guide_in_its_repository(repository: Path) -> None:
    result = result_of(Sentence(repository / "docs" / "guide, old.md", 15, "Media persist"))

    assert place_of(result) == ("docs/guide%2C%20old.md", 15)
    assert result["message"]["text"] == (
        "seen: 3 files are missing\nmeans: they are lost\nnext: restore the last backup"
    )


def test_a_checkout_without_its_repository_is_known_from_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))

    assert place_of(result_of(Sentence(tmp_path / "docs" / "guide.md", 3, "x"))) == ("docs/guide.md", 3)


def test_a_guide_that_no_repository_holds_is_named_without_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.delenv("CI_PROJECT_DIR", raising=False)

    assert place_of(result_of(Sentence(tmp_path / "docs" / "guide.md", 3, "x"))) == ("guide.md", 3)


def test_what_the_guide_does_not_promise_stands_at_its_first_line(repository: Path) -> None:
    run = facts()
    run.target["guide"] = f"{repository}/docs/guide.md:{repository}/docs/more.md"

    assert place_of(result_of(None, run=run)) == ("docs/guide.md", 1)


def test_no_folder_of_this_machine_is_named(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    run = facts(stopped=f"no space in {ROOT}/.cache", command=f"make verify GUIDE={repository}/docs/guide.md")
    run.target.update(guide=f"{repository}/docs/guide.md", compose_files=["/srv/app/docker-compose.yml"])
    seen = f"seen: {repository}/backups, {ROOT}/reports/1, /home/alice/.docker and /srv/app/backups are empty"

    log = as_sarif(run, [judgement(BROKEN, replace(LOST, message=seen), promise=None)])

    assert "seen: backups, reports/1, ~/.docker and backups are empty" in log
    assert [place for place in (str(repository), str(ROOT), "/home/alice", "/srv/app") if place in log] == []


def test_a_message_holds_neither_a_placeholder_nor_a_link() -> None:
    text = result_of(None, message="seen: {0} of {{.Name}} is [here](http://example.org)")["message"]["text"]

    assert text.startswith("seen: {{0}} of {{{{.Name}}}} is [here] (http://example.org)")


@pytest.mark.parametrize(
    ("name", "options", "level"),
    [
        ("backup.complete", {}, "error"),
        ("beyond.power_loss", {}, "warning"),
        ("beyond.power_loss", {"beyond": True}, "error"),
    ],
)
def test_what_does_not_fail_the_run_is_no_error(name: str, options: dict[str, bool], level: str) -> None:
    run = run_of(facts(**options), [judgement(BROKEN, LOST, name=name)])

    assert [result["level"] for result in run["results"]] == [level]


@pytest.mark.parametrize("verdict", [PROVED, UNPROVEN])
def test_only_what_is_broken_is_a_result(verdict: str) -> None:
    run = run_of(facts(), [judgement(verdict, reason="no root")])

    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is True


def test_a_run_that_was_cut_short_did_not_succeed_and_says_why() -> None:
    (invocation,) = run_of(facts(stopped="interrupted by Ctrl-C", not_run=7), [judgement(PROVED)])["invocations"]

    assert invocation["executionSuccessful"] is False
    (note,) = invocation["toolExecutionNotifications"]
    assert (note["level"], note["message"]["text"]) == (
        "error",
        "The run is incomplete: interrupted by Ctrl-C; 7 tests did not run to the end",
    )
    assert (invocation["startTimeUtc"], invocation["endTimeUtc"]) == ("2026-01-01T00:00:00Z", "2026-01-01T00:00:10Z")
