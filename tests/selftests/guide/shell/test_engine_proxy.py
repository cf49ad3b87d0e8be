"""The proxy between a guide's shell and the engine passes allowed requests byte for byte and stops all others."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from media_guarantees.guide.shell.engine_proxy import EngineProxy

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class FakeEngine:
    """An engine that keeps what it receives, and sends a given answer once it has seen the mark."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.received = b""
        self.answers: list[tuple[bytes, bytes]] = []
        self.is_over = threading.Event()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Listen for as long as the block lasts."""
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.path))
            listener.listen()
            thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
            thread.start()
            yield

    def _serve(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while piece := connection.recv(65536):
                self.received += piece
                while self.answers and self.answers[0][0] in self.received:
                    connection.sendall(self.answers.pop(0)[1])
            self.is_over.set()


@pytest.fixture(name="engine")
def _engine(tmp_path: Path) -> Iterator[FakeEngine]:
    engine = FakeEngine(tmp_path / "engine.sock")
    with engine.serving():
        yield engine


@pytest.fixture(name="proxy")
def _proxy(engine: FakeEngine, tmp_path: Path) -> Iterator[EngineProxy]:
    with EngineProxy(tmp_path / "proxy.sock", engine.path, lambda path: f"/here{path}").serving() as proxy:
        yield proxy


@pytest.fixture(name="client")
def _client(proxy: EngineProxy) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(proxy.path))
        yield client


def received(client: socket.socket, length: int) -> bytes:
    """Read that many bytes, or what comes until the end."""
    whole = b""
    while len(whole) < length and (piece := client.recv(length - len(whole))):
        whole += piece
    return whole


def post(target: str, body: bytes, *more: bytes) -> bytes:
    head = [f"POST {target} HTTP/1.1".encode(), b"Host: docker", b"Content-Length: %d" % len(body), *more]
    return b"\r\n".join([*head, b"", body])


def test_requests_and_answers_pass_as_they_are(client: socket.socket, engine: FakeEngine) -> None:
    request = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: docker\r\n\r\n"
    engine.answers += [(request, OK), (request * 2, OK)]

    for _ in range(2):
        client.sendall(request)
        assert received(client, len(OK)) == OK

    assert engine.received == request * 2


def test_a_body_in_chunks_passes_as_it_is_and_ends_where_it_ends(client: socket.socket, engine: FakeEngine) -> None:
    request = b"POST /build HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nab\r\nc\r\n0\r\nTrailer: x\r\n\r\n"
    following = b"GET /_ping HTTP/1.1\r\n\r\n"
    engine.answers += [(following, OK)]

    client.sendall(request + following)

    assert received(client, len(OK)) == OK
    assert engine.received == request + following


def test_a_host_directory_is_replaced_on_its_way(client: socket.socket, engine: FakeEngine) -> None:
    engine.answers += [(b"}}", OK)]

    client.sendall(post("/containers/create", b'{"HostConfig": {"Binds": ["/srv:/x"]}}'))

    assert received(client, len(OK)) == OK
    head, _, body = engine.received.partition(b"\r\n\r\n")
    assert json.loads(body) == {"HostConfig": {"Binds": ["/here/srv:/x"]}}
    assert b"Content-Length: %d" % len(body) in head


def test_a_body_in_chunks_is_checked_as_well(client: socket.socket, engine: FakeEngine) -> None:
    engine.answers += [(b"}}", OK)]
    chunks = b'5\r\n{"Hos\r\n1e\r\ntConfig": {"Binds": ["/s:/x"]}\r\n1\r\n}\r\n0\r\n\r\n'

    client.sendall(b"POST /containers/create HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)

    assert received(client, len(OK)) == OK
    assert b'"/here/s:/x"' in engine.received


def test_what_is_refused_never_arrives_and_is_remembered(
    client: socket.socket, proxy: EngineProxy, engine: FakeEngine
) -> None:
    client.sendall(post("/containers/create", b'{"HostConfig": {"Privileged": true}}'))

    answer = received(client, 10_000)

    assert answer.startswith(b"HTTP/1.1 403 ")
    assert "does not give a container with Privileged true" in json.loads(answer.partition(b"\r\n\r\n")[2])["message"]
    assert proxy.refused == ["a container with Privileged true"]
    assert engine.is_over.wait(10)
    assert engine.received == b""


def test_an_upgraded_connection_is_a_plain_stream(client: socket.socket, engine: FakeEngine) -> None:
    request = post("/containers/x/attach?stream=1", b"", b"Connection: Upgrade", b"Upgrade: tcp")
    switched = b"HTTP/1.1 101 UPGRADED\r\n\r\n"
    engine.answers += [(request, switched), (b"POST /plugins/pull", b"said")]

    client.sendall(request)
    assert received(client, len(switched)) == switched
    client.sendall(b"POST /plugins/pull HTTP/1.1\r\n\r\n")

    assert received(client, 4) == b"said", "what is typed into a container is no request"


def test_without_an_upgrade_nothing_more_passes(client: socket.socket, engine: FakeEngine) -> None:
    request = b"GET /_ping HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    engine.answers += [(request, OK)]

    client.sendall(request + post("/plugins/pull", b""))

    assert received(client, 10_000) == OK
    assert engine.is_over.wait(10)
    assert engine.received == request


@pytest.mark.parametrize(
    "head",
    [
        b"POST /build HTTP/1.1\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /build HTTP/1.1\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n",
        b"POST /build HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 40\r\n\r\n",
        b"POST /build HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /build HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"no request\r\n\r\n",
    ],
)
def test_a_head_that_could_be_read_in_two_ways_never_arrives(
    client: socket.socket, engine: FakeEngine, head: bytes
) -> None:
    client.sendall(head)
    client.shutdown(socket.SHUT_WR)

    assert engine.is_over.wait(10)
    assert engine.received == b""


def test_without_an_engine_the_connection_ends(tmp_path: Path) -> None:
    with EngineProxy(tmp_path / "proxy.sock", tmp_path / "none.sock", str).serving() as proxy:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(proxy.path))
            assert client.recv(1) == b""

    assert not proxy.path.exists(), "the socket goes with the block"
