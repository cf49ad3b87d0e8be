"""A probe finds which protocol a port speaks, and mistakes none for another."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from media_guarantees.deployment.port_probe import spoken_at
from media_guarantees.media.uploads.upload_client import HttpPlatform

Talk = Callable[[socket.socket], None]


@contextmanager
def listening(talk: Talk) -> Iterator[int]:
    """A port that handles each connection with this function until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def answer(status: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

    return talk


def greet(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")


def hang_up(connection: socket.socket) -> None:
    del connection


@pytest.fixture(name="tls", scope="module")
def _tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """The server side of TLS, with a self-signed certificate."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    self_signed(key, certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def self_signed(key: Path, certificate: Path) -> None:
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=media.example", "-keyout", str(key), "-out", str(certificate), "-days", "1"]
    subprocess.run([*request, *names], check=True, capture_output=True)


@pytest.mark.parametrize("status", [b"200 OK", b"404 Not Found", b"503 Unavailable", b"400 Bad Request"])
def test_an_answer_is_http_whatever_its_status(status: bytes) -> None:
    with listening(answer(status)) as port:
        assert spoken_at(port) == "http"


def test_a_self_signed_certificate_is_https(tls: ssl.SSLContext) -> None:
    def talk(connection: socket.socket) -> None:
        with tls.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    with listening(talk) as port:
        assert spoken_at(port) == "https"


def test_a_server_that_refuses_plain_http_in_http_speaks_https(tls: ssl.SSLContext) -> None:
    def talk(connection: socket.socket) -> None:
        if connection.recv(1, socket.MSG_PEEK) == b"G":
            answer(b"400 The plain HTTP request was sent to HTTPS port")(connection)
        else:
            with tls.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1)

    with listening(talk) as port:
        assert spoken_at(port) == "https"


def test_a_server_that_speaks_both_and_was_not_there_for_the_first_question_is_asked_in_plain_http(
    tls: ssl.SSLContext,
) -> None:
    asked: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        asked.append(connection.recv(1, socket.MSG_PEEK))
        if len(asked) == 1:
            hang_up(connection)  # as an engine does in the name of a container that doesn't listen yet
        elif asked[-1] == b"G":
            answer(b"200 OK")(connection)
        else:
            with tls.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1)

    with listening(talk) as port:
        assert spoken_at(port) == "http"


def test_a_greeting_is_something_else() -> None:
    with listening(greet) as port:
        assert spoken_at(port) == "something else"


def test_who_accepts_and_hangs_up_says_nothing() -> None:
    with listening(hang_up) as port:
        assert spoken_at(port) == "nothing"


def test_a_closed_port_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert spoken_at(port) == "nothing"


def test_who_accepts_and_is_silent_is_not_waited_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert spoken_at(server.getsockname()[1], seconds=0.1) == "nothing"


@pytest.fixture(name="platform", scope="module")
def _platform(tls: ssl.SSLContext) -> Iterator[HttpPlatform]:
    """A platform that speaks TLS, for several tests: what one of them makes of warnings is over with it."""

    def talk(connection: socket.socket) -> None:
        with tls.wrap_socket(connection, server_side=True) as secured:
            secured.recv(4096)
            secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile")

    with listening(talk) as port:
        yield HttpPlatform(lambda: f"https://127.0.0.1:{port}", "")


@pytest.mark.parametrize("test", ["first", "later"])
def test_a_platform_with_a_self_signed_certificate_is_asked_without_a_warning(
    platform: HttpPlatform, test: str
) -> None:
    assert test
    assert platform.fetch("/media/x").content == b"file"
