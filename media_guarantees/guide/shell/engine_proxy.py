"""The engine's socket as a guide's shell sees it: every request is checked before the engine gets it.

It speaks as much HTTP/1.1 as the Docker client does (RFC 9112): request heads, bodies with a length or in chunks, and
the upgrade to a plain stream of `docker attach` and `docker exec`. Answers pass through as they are.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from media_guarantees.guide.shell.engine_filter import MapPath, Refused, check_request, needs_body

_PIECE = 1 << 16
_LARGEST_HEAD = 1 << 16
_LARGEST_CHECKED_BODY = 4 << 20


class _Closed(Exception):  # noqa: N818 - it is no error
    """One side has ended the connection."""


@dataclass
class _Reader:
    """What arrives on a socket, read up to a mark or a length."""

    source: socket.socket
    held: bytes = b""

    def more(self) -> None:
        piece = self.source.recv(_PIECE)
        if not piece:
            raise _Closed
        self.held += piece

    def until(self, mark: bytes, most: int) -> bytes:
        while mark not in self.held:
            if len(self.held) > most:
                raise _Closed
            self.more()
        found, _, self.held = self.held.partition(mark)
        return found + mark

    def pieces(self, length: int) -> Iterator[bytes]:
        while length:
            if not self.held:
                self.more()
            piece, self.held = self.held[:length], self.held[length:]
            length -= len(piece)
            yield piece

    def chunks(self) -> Iterator[bytes]:
        """Yield a chunked body as it is sent, sizes and all."""
        while True:
            line = self.until(b"\r\n", _LARGEST_HEAD)
            yield line
            size = int(line.split(b";")[0], 16)
            yield from self.pieces(size + 2 if size else 0)
            if not size:
                while (trailer := self.until(b"\r\n", _LARGEST_HEAD)) != b"\r\n":
                    yield trailer
                yield trailer
                return


@dataclass
class _Head:
    """The head of a request."""

    method: str
    target: str
    lines: list[bytes]

    @classmethod
    def parse(cls, raw: bytes) -> _Head:
        first, *lines = raw.removesuffix(b"\r\n\r\n").split(b"\r\n")
        if any(line[:1].isspace() or b"\n" in line or b"\r" in line for line in (first, *lines)):
            raise ValueError("a head that programs read in different ways")
        method, target, _ = first.decode("latin-1").split(" ", 2)
        return cls(method, target, [first, *lines])

    def header(self, name: str) -> str:
        found = [line.partition(b":")[2] for line in self.lines[1:] if line.lower().startswith(f"{name}:".encode())]
        if len(found) > 1:  # which one counts is each program's own choice
            raise Refused(f"a request with two headers {name}")
        return found[0].decode("latin-1").strip().lower() if found else ""

    def with_length(self, length: int) -> bytes:
        """Return the head for a body of that many bytes, in one piece."""
        framing = (b"content-length:", b"transfer-encoding:")
        kept = [line for line in self.lines if not line.lower().startswith(framing)]
        return b"\r\n".join([*kept, b"Content-Length: %d" % length, b"", b""])


@dataclass
class EngineProxy:
    """A socket at `path` behind which is the engine at `engine`. `refused` says in words what was not let through."""

    path: Path
    engine: Path
    map_path: MapPath
    refused: list[str] = field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator[EngineProxy]:
        """Serve for as long as the block lasts; connections end with it."""
        open_sockets: set[socket.socket] = set()
        with socket.socket(socket.AF_UNIX) as listener:
            self.path.unlink(missing_ok=True)
            listener.bind(str(self.path))
            self.path.chmod(0o600)
            listener.listen(64)
            accepting = threading.Thread(target=self._accept, args=(listener, open_sockets), daemon=True)
            accepting.start()
            try:
                yield self
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                accepting.join()
                for each in list(open_sockets):
                    with suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)
                self.path.unlink(missing_ok=True)

    def _accept(self, listener: socket.socket, open_sockets: set[socket.socket]) -> None:
        with suppress(OSError):  # which is how it learns that the listener was shut down
            while True:
                client, _ = listener.accept()
                open_sockets.add(client)
                serve = _Connection(client, self, open_sockets.discard).serve
                threading.Thread(target=serve, daemon=True).start()


class _Connection:
    """A client's connection, and the one to the engine that belongs to it."""

    def __init__(self, client: socket.socket, proxy: EngineProxy, on_end: Callable[[socket.socket], None]) -> None:
        self._client = client
        self._proxy = proxy
        self._on_end = on_end
        self._upgrade_asked = threading.Event()
        self._answered = threading.Event()
        self._upgraded = False

    def serve(self) -> None:
        with self._client, socket.socket(socket.AF_UNIX) as engine:
            with suppress(OSError):
                engine.connect(str(self._proxy.engine))
                answers = threading.Thread(target=self._pass_answers, args=(engine,), daemon=True)
                answers.start()
                with suppress(_Closed, ValueError):
                    self._pass_requests(engine)
                with suppress(OSError):
                    engine.shutdown(socket.SHUT_WR)
                answers.join()
        self._on_end(self._client)

    def _pass_requests(self, engine: socket.socket) -> None:
        reader = _Reader(self._client)
        while True:
            head = _Head.parse(reader.until(b"\r\n\r\n", _LARGEST_HEAD))
            try:
                self._pass_request(head, reader, engine)
            except Refused as refusal:
                self._refuse(str(refusal))
                return
            if self._upgrade_asked.is_set():
                self._answered.wait()
                if not self._upgraded:
                    return
                engine.sendall(reader.held)
                self._pump(self._client, engine)
                return

    def _pass_request(self, head: _Head, reader: _Reader, engine: socket.socket) -> None:
        length, encoding = int(head.header("content-length") or 0), head.header("transfer-encoding")
        if encoding not in ("", "chunked") or (encoding and head.header("content-length")):
            raise Refused(f"a request with the encoding {encoding}")
        body = reader.chunks() if encoding else reader.pieces(length)
        if needs_body(head.method, head.target):
            whole = self._whole(body, chunked=bool(encoding))
            checked = check_request(head.method, head.target, whole, self._proxy.map_path)
            engine.sendall(head.with_length(len(checked)) + checked)
            return
        check_request(head.method, head.target, b"", self._proxy.map_path)
        if head.header("upgrade"):
            self._upgrade_asked.set()
        engine.sendall(b"\r\n".join([*head.lines, b"", b""]))
        for piece in body:
            engine.sendall(piece)

    @staticmethod
    def _whole(body: Iterator[bytes], *, chunked: bool) -> bytes:
        raw = b""
        for piece in body:
            raw += piece
            if len(raw) > _LARGEST_CHECKED_BODY:
                raise Refused("a request of more than 4 MB")
        if not chunked:
            return raw
        whole = b""
        while size := int(raw.partition(b"\r\n")[0].split(b";")[0], 16):
            _, _, raw = raw.partition(b"\r\n")
            whole, raw = whole + raw[:size], raw[size + 2 :]
        return whole

    def _pass_answers(self, engine: socket.socket) -> None:
        with suppress(OSError):
            while piece := engine.recv(_PIECE):
                if self._upgrade_asked.is_set() and not self._answered.is_set():
                    self._upgraded = piece.startswith((b"HTTP/1.1 101", b"HTTP/1.0 101"))
                    self._answered.set()
                self._client.sendall(piece)
        self._answered.set()
        with suppress(OSError):
            self._client.shutdown(socket.SHUT_WR if self._upgraded else socket.SHUT_RDWR)

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        while piece := source.recv(_PIECE):
            target.sendall(piece)

    def _refuse(self, what: str) -> None:
        self._proxy.refused.append(what)
        message = json.dumps({"message": f"in the sandbox of this run, the engine does not give {what}"}).encode()
        self._client.sendall(
            b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(message), message)
        )
