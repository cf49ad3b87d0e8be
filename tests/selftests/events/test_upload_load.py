"""Clients record the outcome of every upload, whatever goes wrong, and end by themselves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests
import urllib3.exceptions

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.core.waiting import DeadlineExceeded, wait_until
from media_guarantees.events.upload_history import UploadAttempt, count
from media_guarantees.events.upload_load import CLIENTS, Load, uploading
from media_guarantees.media.sample_pictures import KINDS, Sample
from media_guarantees.media.uploads.platform_protocol import LoginFailed, Upload
from media_guarantees.media.uploads.upload_client import HttpPlatform

NOT_LISTENING = requests.ConnectionError(
    urllib3.exceptions.MaxRetryError(
        cast("Any", None), "/api/", urllib3.exceptions.NewConnectionError(cast("Any", None), "refused")
    )
)
CUT_OFF = requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted."))

Answer = int | Exception


class ScriptedPlatform:
    """A platform that answers uploads with these answers in turn: a status, or an exception."""

    kinds = KINDS

    def __init__(self, answers: Iterator[Answer]) -> None:
        self.to_come = answers
        self.offered: list[Sample] = []
        self.asked = 0

    def post(self, sample: Sample, **_: object) -> SimpleNamespace:
        """Give the next answer."""
        self.offered.append(sample)
        answer = next(self.to_come)
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(status_code=answer)

    def is_accepted(self, response: SimpleNamespace) -> bool:
        """Treat 201 as accepted."""
        return bool(response.status_code == 201)

    def parse_upload(self, sample: Sample, _: object, **__: object) -> Upload:
        """Describe an upload."""
        return Upload(sample, f"at {sample.sha256}", f"/at/{sample.sha256}", "", 0)

    def answers(self) -> bool:
        """Be healthy."""
        self.asked += 1
        return True


def archive_made_by(platform: type[ScriptedPlatform], *answers: Answer) -> Callable[[], HttpPlatform]:
    """Return a factory of platforms that give these answers, and then accept everything."""
    return lambda: cast("HttpPlatform", platform(chain(answers, repeat(201))))


def load_on(
    *answers: Answer,
    platform: type[ScriptedPlatform] = ScriptedPlatform,
    history: list[UploadAttempt] | None = None,
    seconds: float = 10.0,
    limit: int = 1000,
) -> AbstractContextManager[Load]:
    """Run clients against platforms that give each of them these answers, and then accept everything."""
    history = [] if history is None else history
    return uploading(archive_made_by(platform, *answers), history=history, seed="1", seconds=seconds, limit=limit)


def over(load: Load) -> None:
    """Wait for an upload that can't come, so that all clients end."""
    with pytest.raises(DeadlineExceeded, match="have done all"):
        load.wait_for_uploads(1, since=time.monotonic() + 60)


def test_an_accepted_upload_is_noted_with_what_was_sent_and_where_it_is() -> None:
    with load_on(limit=1) as load:
        (attempt,) = load.wait_for_uploads(1, since=0.0)

    assert attempt.outcome == "acknowledged"
    assert attempt.path == f"at {attempt.sha256}"
    assert attempt.url == f"/at/{attempt.sha256}"
    assert attempt.begun <= attempt.ended


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (503, "refused", "status 503"),
        (400, "refused", "status 400"),
        (NOT_LISTENING, "refused", "ConnectionError"),
        (LookupError("no port is published"), "refused", "LookupError"),
        (CUT_OFF, "unknown", "ConnectionError"),
        (requests.ReadTimeout("too slow"), "unknown", "ReadTimeout"),
    ],
    ids=["unavailable", "bad", "not listening", "no port", "cut off", "no answer in time"],
)
def test_what_is_not_accepted_is_noted_with_the_reason(answer: Answer, outcome: str, reason: str) -> None:
    with load_on(answer) as load:
        load.wait_for_uploads(1, since=0.0)

    failed = [attempt for attempt in load.history if attempt.outcome != "acknowledged"]
    assert 1 <= len(failed) <= CLIENTS
    assert {(attempt.outcome, attempt.reason, attempt.path) for attempt in failed} == {(outcome, reason, "")}


def test_uploads_go_on_after_one_that_failed() -> None:
    with load_on(503, CUT_OFF) as load:
        load.wait_for_uploads(3, since=0.0)

    assert count(load.history)["acknowledged"] >= 3


def test_so_many_accepted_uploads_are_waited_for_in_the_order_in_which_they_ended() -> None:
    with load_on(503) as load:
        uploads = load.wait_for_uploads(20, since=0.0)

    assert len(uploads) == 20
    assert [upload.outcome for upload in uploads] == ["acknowledged"] * 20
    assert uploads == [upload for upload in load.history if upload.outcome == "acknowledged"][:20]


def test_while_the_platform_does_not_answer_nothing_is_uploaded() -> None:
    asked_before_second: list[int] = []

    class FallenPlatform(ScriptedPlatform):
        def post(self, sample: Sample, **options: object) -> SimpleNamespace:
            if len(self.offered) == 1:
                asked_before_second.append(self.asked)
            return super().post(sample, **options)

        def answers(self) -> bool:
            return super().answers() and self.asked >= 3

    with load_on(CUT_OFF, platform=FallenPlatform) as load:
        load.wait_for_uploads(1, since=0.0)

    assert set(asked_before_second) == {3}


def test_no_two_uploads_send_the_same() -> None:
    with load_on(limit=200) as load:
        over(load)

    assert len({attempt.sha256 for attempt in load.history}) == len(load.history)


def first_pictures(seed: str) -> list[str]:
    """Return what each client uploads first."""
    platforms: list[ScriptedPlatform] = []

    def new_platform() -> HttpPlatform:
        platforms.append(ScriptedPlatform(repeat(201)))
        return cast("HttpPlatform", platforms[-1])

    with uploading(new_platform, history=[], seed=seed, seconds=10, limit=1000):
        wait_until(lambda: all(platform.offered for platform in platforms), what="each has begun", seconds=10)
    return [platform.offered[0].sha256 for platform in platforms]


def test_the_same_seed_sends_the_same_pictures_and_another_sends_others() -> None:
    assert first_pictures("1") == first_pictures("1")
    assert not {*first_pictures("1")} & {*first_pictures("2")}


def test_as_many_clients_as_promised_work_at_the_same_time() -> None:
    all_at_it = threading.Barrier(CLIENTS)

    class MeetingPlatform(ScriptedPlatform):
        def post(self, sample: Sample, **options: object) -> SimpleNamespace:
            if not self.offered:
                all_at_it.wait(10)
            return super().post(sample, **options)

    with load_on(platform=MeetingPlatform) as load:
        assert load.wait_for_uploads(1, since=0.0)

    assert not all_at_it.broken


def test_they_end_after_so_many_uploads() -> None:
    with load_on(limit=20) as load:
        over(load)

    assert 20 <= len(load.history) < 20 + CLIENTS


def test_they_end_after_so_much_time() -> None:
    with load_on(seconds=0.0) as load:
        over(load)

    assert load.history == []


def test_they_end_with_the_block_even_if_it_fails() -> None:
    threads = threading.active_count()

    with pytest.raises(ZeroDivisionError), load_on():
        raise ZeroDivisionError

    assert threading.active_count() == threads


def test_uploads_are_added_to_the_history_that_there_is_and_do_not_count_as_new() -> None:
    history = [UploadAttempt("sha", 0.0, 0.0, "acknowledged")] * 50

    with load_on(history=history, limit=20) as load:
        over(load)

    assert 70 <= len(history) < 70 + CLIENTS


def test_an_upload_that_was_begun_earlier_is_not_the_one_that_is_waited_for() -> None:
    with load_on() as load:
        load.wait_for_uploads(1, since=0.0)
        moment = time.monotonic()

        (attempt,) = load.wait_for_uploads(1, since=moment)

    assert attempt.begun >= moment


def test_a_client_that_meets_a_fault_of_its_own_does_not_end_in_silence() -> None:
    with pytest.raises(ZeroDivisionError), load_on(ZeroDivisionError()) as load:
        load.wait_for_uploads(1, since=time.monotonic() + 60)


def test_an_accepted_upload_without_a_known_place_is_unknown() -> None:
    class CutOffPlatform(ScriptedPlatform):
        def parse_upload(self, sample: Sample, _: object, **__: object) -> Upload:
            if len(self.offered) == 1:
                raise requests.ConnectionError("the second request was cut off")
            return super().parse_upload(sample, _)

    with load_on(platform=CutOffPlatform) as load:
        load.wait_for_uploads(1, since=0.0)

    first = load.history[0]
    assert (first.outcome, first.path) == ("unknown", "")
    assert first.reason == "accepted, but the answer names no place: ConnectionError"


def test_a_login_that_fails_during_events_is_noted_and_uploads_go_on() -> None:
    with load_on(LoginFailed("logging in was answered 503")) as load:
        load.wait_for_uploads(1, since=0.0)

    assert (load.history[0].outcome, load.history[0].reason) == ("refused", "logging in was answered 503")


def test_an_answer_201_that_describes_nothing_is_a_broken_promise() -> None:
    class MutePlatform(ScriptedPlatform):
        def parse_upload(self, sample: Sample, _: object, **__: object) -> Upload:
            raise PromiseBroken(f"{sample.name} was answered 201, but not described")

    with pytest.raises(PromiseBroken, match="answered 201, but not described"), load_on(platform=MutePlatform) as load:
        load.wait_for_uploads(1, since=0.0)
