"""Clients that upload without pause, and the history of every upload."""

from __future__ import annotations

import random
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from operator import attrgetter

import requests
import urllib3.exceptions

from media_guarantees.core import journal
from media_guarantees.core.waiting import wait_until
from media_guarantees.events.upload_history import Outcome, UploadAttempt
from media_guarantees.media.sample_pictures import Sample, small_sample
from media_guarantees.media.uploads.platform_protocol import LoginFailed
from media_guarantees.media.uploads.upload_client import HttpPlatform

CLIENTS = 4
ANSWER_SECONDS = (3.05, 10.0)
UPLOAD_SECONDS = 60.0
PAUSE_SECONDS = 0.02


class Load:
    """Running uploads. They stop when the block of `uploading` ends, or after `seconds` or `limit` uploads.

    `history` grows as uploads end; its times are of this process's monotonic clock.
    """

    def __init__(self, history: list[UploadAttempt], *, seconds: float, limit: int) -> None:
        self.history = history
        self._deadline = time.monotonic() + seconds
        self._limit = len(history) + limit
        self._over = threading.Event()
        self._clients: list[Future[None]] = []

    @property
    def _goes_on(self) -> bool:
        return not self._over.is_set() and time.monotonic() < self._deadline and len(self.history) < self._limit

    def wait_for_uploads(self, number: int, *, since: float) -> list[UploadAttempt]:
        """Return the first `number` accepted uploads that began at `since` or later; wait until they exist.

        Raises `PromiseBroken` if they don't arrive in time, and the error that ended a client, if any.
        """
        return wait_until(
            lambda: self._accepted(number, since),
            what=f"{number} more uploads are accepted" if number > 1 else "an upload is accepted",
            seconds=UPLOAD_SECONDS,
            died=self._end_of_client,
        )

    def _accepted(self, number: int, since: float) -> list[UploadAttempt] | None:
        # Uploads are in the order in which they ended, but for the moment that it takes to note one.
        first = bisect_left(self.history, since - 1.0, key=attrgetter("ended"))
        recent = (attempt for attempt in self.history[first:] if attempt.begun >= since)
        accepted_ones = [attempt for attempt in recent if attempt.outcome == "acknowledged"][:number]
        return accepted_ones if len(accepted_ones) == number else None

    def _end_of_client(self) -> str | None:
        ended = [client for client in self._clients if client.done()]
        for client in ended:
            client.result()
        return "the clients have done all that they were to do" if ended else None

    def start(self, pool: ThreadPoolExecutor, platform: HttpPlatform, rng: random.Random) -> None:
        """Start one more client, with its own platform object and pictures."""
        self._clients.append(pool.submit(self._keep_uploading, platform, rng))

    def stop(self) -> None:
        """Stop every client after its current upload."""
        self._over.set()

    def expect_sound_clients(self) -> None:
        """Raise the error that ended a client, if any."""
        for client in self._clients:
            client.result()

    def _keep_uploading(self, platform: HttpPlatform, rng: random.Random) -> None:
        """Upload one picture after the other; while the platform doesn't answer, wait until it does."""
        with journal.muted():
            while self._goes_on:
                attempt = _upload(platform, small_sample(rng, platform.kinds))
                self.history.append(attempt)
                while attempt.outcome != "acknowledged" and self._goes_on and not platform.answers():
                    self._over.wait(PAUSE_SECONDS)


def _upload(platform: HttpPlatform, sample: Sample) -> UploadAttempt:
    """Upload a picture and return the result."""
    begun = time.monotonic()

    def attempt(outcome: Outcome, *, path: str = "", url: str = "", reason: str = "") -> UploadAttempt:
        return UploadAttempt(sample.sha256, begun, time.monotonic(), outcome, path, url, reason)

    try:
        response = platform.post(sample, timeout=ANSWER_SECONDS)
    except (requests.RequestException, LookupError) as error:
        return attempt("refused" if _was_never_sent(error) else "unknown", reason=type(error).__name__)
    except LoginFailed as failed:
        return attempt("refused", reason=failed.seen)
    if not platform.is_accepted(response):
        return attempt("refused", reason=f"status {response.status_code}")
    try:
        upload = platform.parse_upload(sample, response, timeout=ANSWER_SECONDS)
    except (requests.RequestException, LookupError) as error:
        return attempt("unknown", reason=f"accepted, but the answer names no place: {type(error).__name__}")
    return attempt("acknowledged", path=upload.path, url=upload.url)


def _was_never_sent(error: Exception) -> bool:
    """Whether no connection was made: nothing listened, or no port was published."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, LookupError) or isinstance(cause, urllib3.exceptions.NewConnectionError)


@contextmanager
def uploading(
    new_platform: Callable[[], HttpPlatform], *, history: list[UploadAttempt], seed: str, seconds: float, limit: int
) -> Iterator[Load]:
    """Run uploading clients while the block lasts, and append every upload to `history`.

    Each client has its own platform object and its own pictures, generated from `seed`.
    """
    load = Load(history, seconds=seconds, limit=limit)
    with ThreadPoolExecutor(CLIENTS) as pool:
        try:
            for number in range(CLIENTS):
                rng = random.Random(f"{seed}/{number}")  # noqa: S311 - drawn from a seed so that a run can be repeated
                load.start(pool, new_platform(), rng)
            yield load
        finally:
            load.stop()
    load.expect_sound_clients()
