"""The journal times commands, requests and waits, logs them, and never shows a secret."""

import logging
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from media_guarantees.core import journal
from media_guarantees.core.journal import Event, busy_seconds


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_secrets", set())


@pytest.fixture(name="heard")
def _heard(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Collect the records of all loggers of the journal."""
    with caplog.at_level(logging.INFO, logger="verify"):
        yield caplog


def events_in(heard: pytest.LogCaptureFixture) -> list[Event]:
    return [vars(record)["event"] for record in heard.records if record.name == "verify.events"]


def test_work_is_journalled_once_it_is_over(heard: pytest.LogCaptureFixture) -> None:
    with journal.timed("command", "docker ps"):
        assert events_in(heard) == [], "it was journalled while it was still under way"

    (event,) = events_in(heard)
    assert (event.kind, event.what, event.status) == ("command", "docker ps", "ok")


def test_work_says_how_it_ended(heard: pytest.LogCaptureFixture) -> None:
    with journal.timed("request", "GET /healthz") as event:
        event.status = 503

    assert [event.status for event in events_in(heard)] == [503]


def test_an_event_is_as_long_as_its_work(heard: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "time", SimpleNamespace(monotonic=iter([100.0, 102.5]).__next__))

    with journal.timed("wait", "it is up"):
        pass

    assert [event.seconds for event in events_in(heard)] == [2.5]


def test_an_event_begins_on_the_clock_on_the_wall() -> None:
    before = time.time()
    event = Event("wait", "it is up")

    assert before <= event.start <= time.time(), "seconds since the epoch, which other programs can read"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()], ids=lambda error: type(error).__name__)
def test_an_exception_is_journalled_by_its_name_and_goes_on(
    heard: pytest.LogCaptureFixture, error: BaseException
) -> None:
    with pytest.raises(type(error)) as raised, journal.timed("command", "docker ps"):
        raise error

    assert raised.value is error
    assert [event.status for event in events_in(heard)] == [type(error).__name__]


def test_timed_work_is_called_as_it_was_and_described_by_its_first_argument(heard: pytest.LogCaptureFixture) -> None:
    def add(first: int, *, second: int) -> int:
        return first + second

    assert journal.timed_call("command", add, what="adding to {}")(3, second=4) == 7
    assert [event.what for event in events_in(heard)] == ["adding to 3"]


def test_braces_in_an_argument_are_no_placeholders(heard: pytest.LogCaptureFixture) -> None:
    journal.timed_call("command", len, what="asking {}")("{{.ID}} {0}")

    assert [event.what for event in events_in(heard)] == ["asking {{.ID}} {0}"]


def test_what_is_muted_is_not_journalled(heard: pytest.LogCaptureFixture) -> None:
    with journal.muted(), journal.timed("request", "GET /healthz"):
        journal.record(Event("command", "docker ps"))

    assert events_in(heard) == []


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()], ids=lambda error: type(error).__name__)
def test_events_after_a_muted_block_are_journalled_even_after_an_exception(
    heard: pytest.LogCaptureFixture, error: BaseException
) -> None:
    with pytest.raises(type(error)), journal.muted():
        raise error
    journal.record(Event("command", "docker ps"))

    assert [event.what for event in events_in(heard)] == ["docker ps"]


def test_an_inner_muted_block_does_not_end_the_outer_one(heard: pytest.LogCaptureFixture) -> None:
    with journal.muted():
        with journal.muted():
            pass
        journal.record(Event("command", "docker ps"))

    assert events_in(heard) == []


def test_a_long_command_is_cut_for_the_eye_only(heard: pytest.LogCaptureFixture) -> None:
    what = "docker " * 100

    journal.record(Event("command", what))

    assert len(heard.messages[0]) < 200, "the line is for people"
    assert events_in(heard)[0].what == what, "the event is for programs"


def test_each_kind_of_record_has_its_own_logger(heard: pytest.LogCaptureFixture) -> None:
    journal.add_evidence("12 files")
    journal.progress("building")

    assert [(record.name, record.getMessage()) for record in heard.records] == [
        ("verify.evidence", "12 files"),
        ("verify.progress", "building"),
    ]


def test_a_percent_sign_is_no_placeholder(heard: pytest.LogCaptureFixture) -> None:
    journal.add_evidence("100%s full")

    assert heard.messages[0] == "100%s full"


def test_a_secret_is_in_nothing_that_the_journal_says(heard: pytest.LogCaptureFixture) -> None:
    journal.register_secret("hunter22")

    with journal.timed("command", "login hunter22"):
        journal.add_evidence("hunter22 let us in")
        journal.progress("trying hunter22")

    assert [message for message in heard.messages if "hunter22" in message] == []
    assert [event.what for event in events_in(heard)] == ["login ***"]


def test_every_occurrence_of_every_secret_is_concealed() -> None:
    journal.register_secret("the first")
    journal.register_secret("the other")

    assert journal.redact("the first the other the first") == "*** *** ***"


def test_a_secret_that_holds_another_leaves_no_rest() -> None:
    for secret in (
        "a1b2c3d4",
        "a1b2c3d4e5",
        "a1b2c3d4e5f6",
        "a1b2c3d4e5f6g7",
    ):  # enough for a set to bring a short one first
        journal.register_secret(secret)

    assert journal.redact("token a1b2c3d4e5f6g7") == "token ***"


@pytest.mark.parametrize("secret", ["", "2", "MB", "files", "missing"])
def test_a_secret_that_ordinary_words_are_made_of_conceals_nothing(secret: str) -> None:
    evidence = "12 files, 2.4 MB: 0 missing, 0 changed"

    journal.register_secret(secret)

    assert journal.redact(evidence) == evidence


def test_an_empty_secret_conceals_nothing() -> None:
    journal.register_secret("")

    assert journal.redact("plain") == "plain"


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0),
        ([(0, 2)], 2),
        ([(0, 2), (5, 1)], 3),
        ([(0, 2), (2, 2)], 4),
        ([(0, 4), (2, 4)], 6),
        ([(0, 10), (2, 3)], 10),
        ([(0, 10), (2, 3), (9, 2)], 11),
        ([(4, 2), (0, 2)], 4),
        ([(1, 3), (1, 3), (1, 3)], 3),
    ],
    ids=["nothing", "one", "apart", "touching", "overlapping", "within", "within and out", "unsorted", "at once"],
)
def test_seconds_are_counted_once_however_much_went_on(spans: list[tuple[float, float]], seconds: float) -> None:
    events = [Event("command", "x", start, length) for start, length in spans]

    assert busy_seconds(events) == pytest.approx(seconds)


def steps_in(heard: pytest.LogCaptureFixture) -> list[journal.Step]:
    return [record.step for record in heard.records if hasattr(record, "step")]


def test_a_step_is_announced_when_it_begins_and_when_it_ends(heard: pytest.LogCaptureFixture) -> None:
    heard.set_level("DEBUG", logger=journal.PROGRESS.name)

    with journal.step("event: recreating", total=10) as step:
        (begun,) = steps_in(heard)
        assert (begun.what, begun.total, begun.over) == ("event: recreating", 10, False)
        step.advance(4)
        step.advance(6)
    after = steps_in(heard)[-1]

    assert after is begun, "it is one step, announced twice"
    assert (after.done, after.over, after.status) == (10, True, "ok")
    assert after.seconds > 0


def test_a_step_that_fails_is_over_and_its_error_goes_on_its_way(heard: pytest.LogCaptureFixture) -> None:
    heard.set_level("DEBUG", logger=journal.PROGRESS.name)

    with pytest.raises(ValueError, match="no way"), journal.step("event: recreating"):
        raise ValueError("no way")

    assert [(step.over, step.status) for step in steps_in(heard)] == [(True, "ValueError")] * 2


def test_what_is_only_announced_has_no_length(heard: pytest.LogCaptureFixture) -> None:
    journal.progress("images: building")

    assert [(step.what, step.over, step.seconds) for step in steps_in(heard)] == [("images: building", True, 0.0)]
