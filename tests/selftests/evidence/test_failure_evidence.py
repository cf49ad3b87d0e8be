"""The evidence of a failed test is gathered part by part: one part that fails does not stop the others."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from fake_run import LOST
from inner_fixtures import StandInStack, samples

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.evidence.failure_evidence import LOG_SECONDS, MOST_UNANSWERED, FailureEvidence
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.judgement import TestRecord


@pytest.fixture(name="stack")
def _stack() -> StandInStack:
    return StandInStack()


@pytest.fixture(name="failures")
def _failures(tmp_path: Path, stack: StandInStack) -> FailureEvidence:
    media = SeededMedia(samples(), 1)
    first, second = media.ensure_uploaded(stack)
    stack.pictures.pictures[first.url] = second.sample
    return FailureEvidence(tmp_path, Gaps(), stack, media)


@pytest.fixture(name="record")
def _record() -> TestRecord:
    return replace(LOST)


def lost(failures: FailureEvidence) -> PromiseBroken:
    """Return a broken promise about the first picture."""
    assert failures.seeded_media is not None
    return PromiseBroken("seen", detail="1 changed", damaged={failures.seeded_media.uploads[0].path: "changed"})


def test_logs_differences_and_pictures_are_kept(failures: FailureEvidence, record: TestRecord, tmp_path: Path) -> None:
    failures.gather(record, lost(failures))

    assert record.log == (tmp_path / "logs/test_lost.log").read_text() == "web-project-1  | worker died\n"
    assert record.detail == (tmp_path / "differences/test_lost.txt").read_text() == "1 changed"
    assert [(bool(pair.before), bool(pair.after)) for pair in record.pictures] == [(True, True)]
    assert failures.gaps.lines == []


def test_before_there_is_a_stack_nothing_is_asked(tmp_path: Path, record: TestRecord) -> None:
    failures = FailureEvidence(tmp_path, Gaps())

    failures.gather(record, PromiseBroken("seen", damaged={"a": "missing"}))

    assert (record.log, record.pictures, list(tmp_path.iterdir()), failures.gaps.lines) == ("", (), [], [])


def test_another_failure_than_a_broken_promise_leaves_the_logs_alone(
    failures: FailureEvidence, record: TestRecord, tmp_path: Path
) -> None:
    failures.gather(record, KeyError("x"))

    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_logs_that_can_not_be_read_keep_nothing_else_away(
    failures: FailureEvidence, record: TestRecord, stack: StandInStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*, timeout: float) -> str:
        raise subprocess.TimeoutExpired("docker-compose logs", timeout)

    monkeypatch.setattr(stack, "logs", hang)

    failures.gather(record, lost(failures))

    (gap,) = failures.gaps.lines
    assert gap.startswith("tests/x.py::test_lost: the logs of web-project could not be read: TimeoutExpired: ")
    assert record.detail
    assert record.pictures


def test_an_engine_that_hangs_does_not_hold_up_every_test(
    failures: FailureEvidence, record: TestRecord, stack: StandInStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def hang(*, timeout: float) -> str:
        asked.append(timeout)
        raise subprocess.TimeoutExpired("docker-compose logs", timeout)

    monkeypatch.setattr(stack, "logs", hang)

    for _ in range(20):
        failures.gather(record, None)

    assert asked == [LOG_SECONDS] * MOST_UNANSWERED
    assert failures.gaps.lines[-1].endswith("the engine gave none of the last 6 it was asked for")


def test_an_engine_that_is_slow_now_and_then_is_asked_for_all_logs(
    failures: FailureEvidence, record: TestRecord, stack: StandInStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def hang_often(*, timeout: float) -> str:
        asked.append(timeout)
        if len(asked) % MOST_UNANSWERED:
            raise subprocess.TimeoutExpired("docker-compose logs", timeout)
        return "it works"

    monkeypatch.setattr(stack, "logs", hang_often)

    for _ in range(20):
        failures.gather(record, None)

    assert len(asked) == 20


def test_a_platform_without_a_port_is_asked_for_no_picture(
    failures: FailureEvidence, record: TestRecord, stack: StandInStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(url: str) -> None:
        raise Unproven(f"the service publishes and exposes no port: {url} can't be asked for")

    monkeypatch.setattr(stack.pictures, "fetch", refuse)
    monkeypatch.setattr(stack.pictures, "serves", False)

    failures.gather(record, lost(failures))

    assert [(bool(pair.before), pair.after) for pair in record.pictures] == [(True, "")]
    assert failures.gaps.lines == []


def test_a_picture_that_can_not_be_asked_for_is_shown_as_it_was(
    failures: FailureEvidence, record: TestRecord, stack: StandInStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(url: str) -> None:
        raise PromiseBroken(f"GET {url} got no answer")

    monkeypatch.setattr(stack.pictures, "fetch", refuse)

    failures.gather(record, lost(failures))

    assert [(bool(pair.before), pair.after) for pair in record.pictures] == [(True, "")]
    (gap,) = failures.gaps.lines
    assert "could not be asked for: PromiseBroken: seen: GET" in gap


def test_a_folder_that_can_not_be_written_keeps_nothing_out_of_the_record(
    failures: FailureEvidence, record: TestRecord, tmp_path: Path
) -> None:
    (tmp_path / "logs").write_text("a file in the way")

    failures.gather(record, lost(failures))

    assert record.log
    (gap,) = failures.gaps.lines
    assert gap.startswith("logs/test_lost.log could not be written: ")


def test_no_secret_is_kept(
    failures: FailureEvidence, record: TestRecord, stack: StandInStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.register_secret("s3cr3t-of-a-log")
    monkeypatch.setattr(stack, "logs", lambda **_: "token s3cr3t-of-a-log")

    failures.gather(record, PromiseBroken("seen", detail="s3cr3t-of-a-log"))

    assert (record.log, record.detail) == ("token ***", "***")
