"""A webhook learns of each change of the verdict, a heartbeat of success alone, and no address is ever shown."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from fake_run import HELD, LOST, facts, judgement

from media_guarantees.core.errors import BadInput
from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.formats import bundle
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.outbound import notification
from media_guarantees.evidence.outbound.notification import check_url, send
from media_guarantees.evidence.run_summary import RunFacts


@dataclass
class Receiver:
    """A server on 127.0.0.1 that keeps what it is sent, and answers with `status`."""

    url: str = ""
    status: int = 200
    answers: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    @property
    def messages(self) -> list[Any]:
        """The JSON that was posted."""
        return [content for method, _, content in self.asked if method == "POST"]


@pytest.fixture(name="receiver")
def _receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.answers.set()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            receiver.answers.wait(60)
            receiver.asked.append((self.command, self.path, json.loads(body) if body else None))
            self.send_response(receiver.status)
            if receiver.status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        do_GET = do_POST = answer  # noqa: N815 - names that the server looks for

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook/a-secret-token"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield receiver
    receiver.answers.set()
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class History:
    """Runs that leave their reports beside each other and send their messages."""

    reports: Path
    url: str
    gaps: Gaps = field(default_factory=Gaps)

    def run(self, verdict: str, *, run: RunFacts | None = None, name: str = "persistence.recreate") -> None:
        """Write a report with this verdict, and send what is to be sent."""
        folder = self.reports / f"2026010{len(list(self.reports.glob('2*'))) + 1}"
        judgements: list[Judgement] = [judgement(verdict, LOST if verdict == BROKEN else HELD, name=name, reason="x")]
        bundle.write(folder, run or facts(), judgements, self.gaps)
        send(folder, run or facts(), judgements, self.gaps, webhook=self.url, heartbeat=f"{self.url}/beat")


@pytest.fixture(name="history")
def _history(tmp_path: Path, receiver: Receiver) -> History:
    return History(tmp_path / "reports", receiver.url)


def beats(receiver: Receiver) -> int:
    return sum(method == "GET" and path.endswith("/beat") for method, path, _ in receiver.asked)


def test_only_a_change_of_the_verdict_is_a_message(history: History, receiver: Receiver) -> None:
    for verdict in (PROVED, PROVED, BROKEN, BROKEN, UNPROVEN, PROVED):
        history.run(verdict)

    changes = [(message["previous"], message["verdict"]) for message in receiver.messages]
    assert changes == [(PROVED, BROKEN), (BROKEN, UNPROVEN), (UNPROVEN, PROVED)]
    assert history.gaps.lines == []


def test_a_message_says_what_is_broken(history: History, receiver: Receiver) -> None:
    history.run(PROVED)
    history.run(BROKEN)

    (message,) = receiver.messages
    assert message == {
        "text": "media guarantees of web-project: broken, after proved; 0 proved, 1 broken, 0 unproven",
        "verdict": "broken",
        "previous": "proved",
        "complete": True,
        "reason": "",
        "broken": ["persistence.recreate"],
        "started": "2026-01-01T00:00:00Z",
        "report": "20260102",
    }


def test_the_first_run_is_a_message_unless_all_was_proved(history: History, receiver: Receiver) -> None:
    history.run(BROKEN)

    assert [(message["previous"], message["verdict"]) for message in receiver.messages] == [(None, BROKEN)]


def test_runs_of_another_target_or_of_other_guarantees_are_not_compared(history: History, receiver: Receiver) -> None:
    other = facts()
    other.target["service"] = "another"
    history.run(BROKEN, run=other)
    history.run(BROKEN, name="backup.complete")
    receiver.asked.clear()

    history.run(PROVED)

    assert receiver.messages == []


def test_what_is_no_report_is_passed_over(history: History, receiver: Receiver) -> None:
    history.run(BROKEN)
    for number, content in enumerate(("", "[]", '{"verdict": "great"}', "\udcff"), 2):
        folder = history.reports / f"2026010{number}"
        folder.mkdir()
        (folder / "guarantees.json").write_bytes(content.encode(errors="surrogateescape"))

    history.run(BROKEN)

    assert len(receiver.messages) == 1, "the verdict is that of the last run"


@pytest.mark.parametrize(
    ("verdict", "options", "expected"),
    [
        (PROVED, {}, 1),
        (UNPROVEN, {}, 0),
        (BROKEN, {}, 0),
        (PROVED, {"status": 1}, 0),
        (PROVED, {"stopped": "interrupted by Ctrl-C"}, 0),
    ],
)
def test_the_heart_beats_only_after_success(
    history: History, receiver: Receiver, verdict: str, options: dict[str, Any], expected: int
) -> None:
    history.run(verdict, run=facts(**options))

    assert beats(receiver) == expected


@pytest.mark.parametrize("status", [404, 500, 302])
def test_a_server_that_does_not_accept_a_message_is_a_gap(history: History, receiver: Receiver, status: int) -> None:
    receiver.status = status

    history.run(BROKEN)

    assert history.gaps.lines == [f"NOTIFY_URL could not be notified: it answered with HTTP status {status}"]
    assert [path for _, path, _ in receiver.asked] == ["/hook/a-secret-token"], "no redirect is followed"


def test_a_server_that_is_gone_is_a_gap_without_its_address(tmp_path: Path) -> None:
    history = History(tmp_path / "reports", "http://127.0.0.1:1/hook/a-secret-token")

    history.run(PROVED)
    history.run(BROKEN)

    assert history.gaps.lines == [
        "HEARTBEAT_URL could not be asked: no answer (ConnectionError)",
        "NOTIFY_URL could not be notified: no answer (ConnectionError)",
    ]


def test_a_server_that_hangs_is_not_waited_for(
    history: History, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notification, "SECONDS", 0.05)
    receiver.answers.clear()

    history.run(BROKEN)

    assert history.gaps.lines == ["NOTIFY_URL could not be notified: no answer (ReadTimeout)"]


@pytest.mark.parametrize(
    "url", ["ftp://x/y", "example.org/hook", "https:///path", "http://[x/y", "http://x:port/", "file:///etc"]
)
def test_an_address_that_can_not_be_asked_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(BadInput, match="NOTIFY_URL is no address") as refused:
        check_url("NOTIFY_URL", url)

    assert url not in str(refused.value)


def test_no_address_is_fine() -> None:
    check_url("NOTIFY_URL", "")
