"""Pictures are requested over real HTTP; an answer counts only if it has the bytes that are in the volume."""

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_to_bytes

import pytest
from fake_server import serving

from media_guarantees.gate import served_check
from media_guarantees.gate.served_check import ASKED, LARGEST, choose, served_as_held
from media_guarantees.gate.volume_scan import VolumeScan

PICTURES = {b"avatars/a b\xff.png": b"one\0two", b"big": b"x" * 300_000}


def scan_of(pictures: dict[bytes, bytes]) -> VolumeScan:
    return VolumeScan(
        {
            path: f"{hashlib.sha256(content).hexdigest()} f {len(content)} 644 0 0 1 2 1 1:2 ".encode()
            for path, content in pictures.items()
        }
    )


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/media/endless":
            return self._send_for_ever()
        content = PICTURES.get(unquote_to_bytes(self.path.removeprefix("/media/")))
        self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content or b"") + (5 if b"big" in self.path.encode() else 0)))
        self.end_headers()
        self.wfile.write(content or b"")
        return None

    def _send_for_ever(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(ConnectionError):
            while True:
                self.wfile.write(b"x" * 65536)

    def log_message(self, *_: object) -> None:
        """Keep silent."""


@pytest.fixture(name="port")
def _port() -> Iterator[int]:
    """A server of pictures on this host; it promises five bytes more than there are of the big one."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), _Handler)) as server:
        yield server.server_address[1]


def asked(port: int, *paths: bytes, held: dict[bytes, bytes]) -> dict[bytes, str]:
    return served_as_held([], port, paths, scan_of(held), os.environ)


def test_the_volumes_own_bytes_are_no_fault(port: int) -> None:
    path = b"avatars/a b\xff.png"

    assert asked(port, path, held=PICTURES) == {path: ""}


def test_each_fault_is_named(port: int) -> None:
    held = {b"avatars/a b\xff.png": b"other", b"gone": b"x", b"big": PICTURES[b"big"]}

    assert asked(port, *held, held=held) == {
        b"avatars/a b\xff.png": "other bytes",
        b"gone": "answered 404",
        b"big": "no whole answer (IncompleteRead)",
    }


def test_a_port_on_which_nothing_listens_gives_no_answer(port: int) -> None:
    del port

    assert asked(1, b"gone", held={b"gone": b"x"}) == {b"gone": "no answer"}


def test_an_answer_that_never_ends_is_cut_off_and_named(port: int) -> None:
    held = {b"endless": b"x", b"avatars/a b\xff.png": PICTURES[b"avatars/a b\xff.png"]}

    assert asked(port, *held, held=held) == {
        b"endless": "answered with more than 65.5 kB, for 1 byte",
        b"avatars/a b\xff.png": "",
    }


def test_an_answer_that_never_begins_is_waited_for_no_longer_than_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_check, "_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert asked(silent.getsockname()[1], b"gone", held={b"gone": b"x"}) == {b"gone": "no answer"}


def test_the_same_seed_chooses_the_same_pictures() -> None:
    scan = scan_of({b"%d" % number: b"x" for number in range(3 * ASKED)})

    assert len(choose(scan, 1)) == ASKED
    assert choose(scan, 1) == choose(scan, 1)
    assert choose(scan, 1) != choose(scan, 2)


def test_what_is_large_or_was_not_read_or_moves_is_not_asked_for() -> None:
    lines = {
        b"good": b"ab f 3 644 0 0 1 2 1 1:2 ",
        b"large": b"ab f %d 644 0 0 1 2 1 1:2 " % (LARGEST + 1),
        b"unread": b"- f 3 644 0 0 1 2 1 1:2 ",
        b"moving": b"ab f 3 644 0 0 1 2 1 1:2 ",
        b"directory": b"- d 0 755 0 0 0 0 1 0:0 ",
    }

    assert choose(VolumeScan(lines, {b"moving"}), 1) == [b"good"]
