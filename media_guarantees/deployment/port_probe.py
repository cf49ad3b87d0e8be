"""What is spoken at a TCP port of this machine: HTTP, HTTPS with whatever certificate, something else, or nothing."""

from __future__ import annotations

import socket
import ssl
from typing import Literal

Protocol = Literal["http", "https", "something else", "nothing"]

_HOST = "127.0.0.1"
_QUESTION = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
# What servers answer to plain HTTP at a port for HTTPS.
_BAD_REQUEST = b"400"


def spoken_at(port: int, *, seconds: float = 2.0) -> Protocol:
    """Return what is spoken at a port; each attempt takes at most so many seconds.

    A port that is closed and one that accepts a connection and says nothing are "nothing": an engine accepts in the
    name of a container that doesn't listen yet.
    """
    plain = _answer(port, seconds)
    if _is_http(plain):
        return "http"
    if _speaks_tls(port, seconds):
        # It may speak both, and not have listened yet when it was asked in plain HTTP.
        return "https" if plain or not _is_http(_answer(port, seconds)) else "http"
    if plain.startswith(b"HTTP/"):
        return "http"
    return "something else" if plain else "nothing"


def _is_http(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/") and answer.split(b" ")[1:2] != [_BAD_REQUEST]


def _answer(port: int, seconds: float) -> bytes:
    """The first bytes that come back for a plain HTTP request; empty without any."""
    try:
        with socket.create_connection((_HOST, port), timeout=seconds) as connection:
            connection.sendall(_QUESTION)
            return connection.recv(64)
    except OSError:
        return b""


def _speaks_tls(port: int, seconds: float) -> bool:
    context = ssl.create_default_context()
    # Whether there is a certificate is asked, not whose: in the sandbox no certificate can fit 127.0.0.1.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((_HOST, port), timeout=seconds) as connection,
            context.wrap_socket(connection, server_hostname="localhost"),
        ):
            return True
    except OSError:
        return False
