"""Steps show their duration in the last run; a missing or damaged record stops nothing."""

from pathlib import Path

import pytest

from media_guarantees.core.journal import Step
from media_guarantees.evidence.step_durations import StepDurations, recall, remember


def step(what: str, seconds: float = 1.25, status: str = "ok") -> Step:
    return Step("step", what, 0.0, seconds, status)


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "durations.json"


def test_the_next_run_knows_how_long_steps_took(file: Path) -> None:
    remember(file, [step("event: recreating", 1.2345)])

    assert recall(file).expected("event: recreating") == 1.234


def test_a_run_of_a_few_tests_does_not_forget_the_others(file: Path) -> None:
    remember(file, [step("a", 1.0), step("b", 2.0)])
    remember(file, [step("a", 3.0)])

    assert recall(file).seconds == {"a": 3.0, "b": 2.0}


@pytest.mark.parametrize("ended", [step("a", status="PromiseBroken"), step("a", 0.0)], ids=["failed", "announced"])
def test_steps_that_failed_or_have_no_length_are_not_recorded(file: Path, ended: Step) -> None:
    remember(file, [ended])

    assert recall(file).seconds == {}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": "b"}', "null", "\x00"])
def test_a_file_with_other_content_counts_as_none(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)

    assert recall(file) == StepDurations({})


def test_without_a_file_nothing_is_known(file: Path) -> None:
    assert recall(file) == StepDurations()


def test_a_step_is_shown_with_its_last_duration() -> None:
    durations = StepDurations({"a": 2.0})

    assert durations.with_previous(step("a")) == "1.2 s (last time 2.0 s)"
    assert durations.with_previous(step("b")) == "1.2 s"
    assert (durations.previous("a"), durations.previous("b")) == (" (last time 2.0 s)", "")
