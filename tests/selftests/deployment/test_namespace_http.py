"""Requests inside a container's network are valid HTTP, byte for byte."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from fake_programs import Programs
from requests.adapters import HTTPAdapter

from media_guarantees.deployment.namespace_http import NamespaceAdapter, as_bytes, parsed, remove_default_route
from media_guarantees.system.commands import CommandFailed

URL = "http://127.0.0.1:8000/media/a%20b.png?x=1"


@pytest.fixture(name="session")
def _session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", NamespaceAdapter("c1", os.environ, {"run": "1"}))
        yield session


def prepared(method: str = "GET", **options: Any) -> requests.PreparedRequest:
    return requests.Request(method, URL, **options).prepare()


def lines(request: requests.PreparedRequest) -> list[bytes]:
    return as_bytes(request).partition(b"\r\n\r\n")[0].split(b"\r\n")


def answering(programs: Programs, folder: Path, answer: bytes) -> None:
    """Let the helper container receive an answer after the whole request."""
    (folder / "answer").write_bytes(answer)
    programs.add("docker", f"cat > {folder}/question; cat {folder}/answer")


def test_a_request_begins_with_its_method_and_path() -> None:
    assert lines(prepared())[0] == b"GET /media/a%20b.png?x=1 HTTP/1.1"


def test_a_request_names_the_host_and_asks_for_the_connection_to_be_closed() -> None:
    request = prepared(headers={"Connection": "keep-alive", "X-Kept": "yes"})

    headers = dict(line.split(b": ", 1) for line in lines(request)[1:])

    assert (headers[b"Host"], headers[b"Connection"], headers[b"X-Kept"]) == (b"127.0.0.1", b"close", b"yes")


@pytest.mark.parametrize("name", ["Host", "host", "HOST"])
def test_a_host_that_the_request_names_is_the_only_one(name: str) -> None:
    request = prepared(headers={name: "media.example.org"})

    hosts = [line for line in lines(request) if line.lower().startswith(b"host:")]

    assert [line.partition(b": ")[2] for line in hosts] == [b"media.example.org"]


@pytest.mark.parametrize("body", [b"\x00\xff\r\n\r\n", "ação", b"", None])
def test_a_body_comes_after_the_headers_as_it_is_with_its_length(body: str | bytes | None) -> None:
    request = prepared("POST", data=body)
    content = body.encode() if isinstance(body, str) else body or b""

    assert as_bytes(request).split(b"\r\n\r\n", 1)[1] == content
    assert f"Content-Length: {len(content)}".encode() in lines(request)


def test_an_uploaded_file_is_in_the_body() -> None:
    request = prepared("POST", files={"file": ("a.png", b"\x89PNG\r\n", "image/png")})

    assert b"\r\n\r\n\x89PNG\r\n\r\n--" in as_bytes(request)


def test_an_answer_is_read_with_status_reason_headers_and_body() -> None:
    answer = parsed(b"HTTP/1.1 201 Made it\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\n\x00\xff\r\n")

    assert (answer.status, answer.reason, answer.headers["content-type"]) == (201, "Made it", "image/png")
    assert answer.read() == b"\x00\xff\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc and something after it",
    ],
    ids=["chunks", "until the end", "by length"],
)
def test_a_body_is_complete_however_its_end_is_marked(
    programs: Programs, session: requests.Session, tmp_path: Path, answer: bytes
) -> None:
    answering(programs, tmp_path, answer)

    assert session.get(URL).content == b"abc"


def test_an_answer_without_a_body_is_empty() -> None:
    assert parsed(b"HTTP/1.1 204 No Content\r\n\r\n").read() == b""


def test_requests_speaks_through_a_helper_in_the_containers_network(
    programs: Programs, session: requests.Session, tmp_path: Path
) -> None:
    answering(programs, tmp_path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    response = session.post(URL, data=b"\x00body")

    (call,) = programs.calls("docker")
    options = call.partition(" ubuntu bash -c ")[0].split()
    assert {"--rm", "--interactive", "--network=container:c1", "--label=run=1"} <= set(options)
    assert call.endswith(" speak 8000"), "the port is the one of the address"
    assert (tmp_path / "question").read_bytes().endswith(b"\r\n\r\n\x00body")
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo /dev/tcp/127.0.0.1/8000: Connection refused >&2; exit 1", "Connection refused"),
        ("cat > /dev/null", "no answer inside the container's network"),
        ("cat > /dev/null; echo garbage", "no answer inside the container's network: garbage"),
    ],
)
def test_no_answer_is_an_error_of_the_connection_with_the_helpers_words(
    programs: Programs, session: requests.Session, script: str, words: str
) -> None:
    programs.add("docker", script)

    with pytest.raises(requests.ConnectionError, match=words):
        session.get(URL)


def test_an_answer_that_was_cut_off_is_an_error_of_the_connection(
    programs: Programs, session: requests.Session, tmp_path: Path
) -> None:
    answering(programs, tmp_path, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of it")

    with pytest.raises(
        requests.ConnectionError, match="no whole answer inside the container's network: IncompleteRead"
    ):
        session.get(URL)


def test_routes_are_removed_by_a_helper_that_may_and_that_goes_away(programs: Programs) -> None:
    programs.add("docker")

    remove_default_route("c1", os.environ, {"run": "1"})

    (call,) = programs.calls("docker")
    options = call.partition(" ubuntu perl -e ")[0].split()
    assert {"--rm", "--cap-add=NET_ADMIN", "--network=container:c1", "--label=run=1"} <= set(options)


def test_a_route_that_stays_is_reported(programs: Programs) -> None:
    programs.add("docker", 'echo "route: Operation not permitted" >&2; exit 1')

    with pytest.raises(CommandFailed, match="route: Operation not permitted"):
        remove_default_route("c1", os.environ, {})


def test_the_cookies_of_an_answer_are_reported() -> None:
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: session=abc\r\nContent-Length: 0\r\n\r\n"
    request = requests.Request("GET", "http://127.0.0.1:80/").prepare()

    built = HTTPAdapter().build_response(request, parsed(answer))

    assert built.cookies.get_dict() == {"a": "1", "session": "abc"}


def test_a_virtual_host_is_asked_by_its_name_inside_too() -> None:
    request = requests.Request("GET", "http://127.0.0.1:80/x", headers={"Host": "media.example.org"}).prepare()

    assert as_bytes(request).count(b"Host: ") == 1
    assert b"Host: media.example.org\r\n" in as_bytes(request)
