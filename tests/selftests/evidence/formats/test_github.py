"""GitHub shows each broken promise at its line of the guide, and no text of a run acts as a workflow command."""

from pathlib import Path

import pytest
from fake_run import LOST, facts, hostile_run, judgement

from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.formats.github import SUMMARY_LIMIT, annotate, is_here, summarize
from media_guarantees.guide.reader import Sentence


@pytest.mark.parametrize(
    ("environment", "here"), [({}, False), ({"GITHUB_ACTIONS": "true"}, True), ({"GITHUB_ACTIONS": "false"}, False)]
)
def test_a_job_of_github_is_known_by_its_environment(environment: dict[str, str], here: bool) -> None:
    assert is_here(environment) is here


def test_a_broken_promise_is_an_error_at_its_line(tmp_path: Path) -> None:
    promise = Sentence(tmp_path / "docs" / "guide, old.md", 15, "Media persist")

    (command,) = annotate(facts(), [judgement(BROKEN, LOST, promise=promise)], tmp_path)

    assert command == (
        "::error file=docs/guide%2C old.md,line=15,"
        "title=persistence.recreate is broken%3A Media survive a recreated container::"
        "seen: 3 files are missing%0Ameans: they are lost%0Anext: restore the last backup%0A"
        "again: make verify ARGS='tests/x.py::test_lost'"
    )


def test_a_guide_from_elsewhere_is_named_as_it_is(tmp_path: Path) -> None:
    promise = Sentence(tmp_path / "guide.md", 1, "Media persist")

    (command,) = annotate(facts(), [judgement(BROKEN, LOST, promise=promise)], tmp_path / "repository")

    assert f"file={tmp_path}/guide.md,line=1," in command


@pytest.mark.parametrize(
    ("verdict", "name", "options", "level"),
    [
        (UNPROVEN, "backup.complete", {}, "notice"),
        (UNPROVEN, "backup.complete", {"require_all": True}, "error"),
        (BROKEN, "beyond.power_loss", {}, "warning"),
        (BROKEN, "beyond.power_loss", {"beyond": True}, "error"),
    ],
)
def test_what_does_not_fail_the_run_is_no_error(verdict: str, name: str, options: dict[str, bool], level: str) -> None:
    (command,) = annotate(facts(**options), [judgement(verdict, LOST, name=name, promise=None)], Path("/"))

    assert command.startswith(f"::{level} title={name} is {verdict}%3A ")


def test_what_is_proved_is_not_mentioned() -> None:
    assert list(annotate(facts(), [judgement(PROVED)], Path("/"))) == []


def test_nothing_that_was_seen_is_a_command() -> None:
    commands = list(annotate(*hostile_run(), Path("/")))

    assert len(commands) == 3
    assert [command for command in commands if len(command.splitlines()) != 1] == []
    assert "::error file=x::y%250A" in commands[1], "a percent sign that was seen is not taken for ours"


def test_the_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("# Before\n")

    summarize(file, "# 🟢 Media guarantees\n")

    assert file.read_text("utf-8") == "# Before\n# 🟢 Media guarantees\n"


def test_a_summary_that_is_full_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("x" * SUMMARY_LIMIT)

    summarize(file, "more")

    assert file.stat().st_size == SUMMARY_LIMIT, "GitHub would show none of it"
