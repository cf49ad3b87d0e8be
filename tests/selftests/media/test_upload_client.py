"""Answers of the platform are taken as they are; a missing answer is a broken promise; the token is never shown."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from fake_stack import sample

from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.media.upload_api import UploadApi
from media_guarantees.media.upload_client import ExecPlatform, HttpPlatform, Served, UnpublishedPlatform, Upload
from media_guarantees.system.commands import Outcome

TOKEN = "the-secret-token"
PICTURE = sample("ação.png", b"bytes of a picture")
DESCRIBED = {"path": "avatars/x.png", "url": "/media/avatars/x.png", "sha256": "00", "size": 18}


class _Server(ThreadingHTTPServer):
    """Answers everything with the status, body and headers that are set; remembers what it was asked."""

    status, body, headers = 200, b"", {"Content-Type": "text/plain"}

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((f"{self.command} {self.path}", dict(self.headers), content))
        self.send_response(self.server.status)
        for name, value in {**self.server.headers, "Content-Length": str(len(self.server.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[_Server]:
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[_Server]:
    with serving() as server:
        yield server


@pytest.fixture(name="answer")
def _answer(server: _Server) -> Callable[..., None]:
    def answer(status: int, body: bytes | dict[str, Any] = b"", **headers: str) -> None:
        server.status = status
        server.body = json.dumps(body).encode() if isinstance(body, dict) else body
        server.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        server.asked.clear()

    return answer


@pytest.fixture(name="platform")
def _platform(server: _Server) -> Iterator[HttpPlatform]:
    with requests.Session() as session:
        yield HttpPlatform(lambda: server.address, TOKEN, session)


@pytest.fixture(name="nowhere")
def _nowhere() -> Iterator[HttpPlatform]:
    """Return a platform at a port that nothing listens on any more."""
    with serving() as server:
        address = server.address
    with requests.Session() as session:
        yield HttpPlatform(lambda: address, TOKEN, session)


def unpublished() -> str:
    raise LookupError("web-project publishes no port now")


def test_an_upload_is_what_the_answer_describes(platform: HttpPlatform, answer: Callable[..., None]) -> None:
    answer(201, DESCRIBED)

    assert platform.upload(PICTURE) == Upload(PICTURE, "avatars/x.png", "/media/avatars/x.png", "00", 18)


def test_one_more_client_uploads_to_the_same_platform(
    platform: HttpPlatform, answer: Callable[..., None], server: _Server
) -> None:
    answer(201, DESCRIBED)

    with requests.Session() as session:
        platform.for_client(lambda: server.address, session).upload(PICTURE)

    ((_, headers, _),) = server.asked
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Connection"] == "close"


@pytest.mark.parametrize("status", [201, 503])
def test_an_offer_brings_the_answer_whatever_it_is(
    platform: HttpPlatform, answer: Callable[..., None], status: int
) -> None:
    answer(status, DESCRIBED)

    response = platform.post(PICTURE)

    assert (response.status_code, platform.is_accepted(response)) == (status, status == 201)


def test_a_picture_is_sent_whole_with_its_name_type_and_the_token(
    platform: HttpPlatform, answer: Callable[..., None], server: _Server
) -> None:
    answer(201, DESCRIBED)

    platform.upload(PICTURE)

    ((request, headers, body),) = server.asked
    assert request == "POST /api/avatars/"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert all(part in body for part in (PICTURE.name.encode(), b"image/png", b"\r\n\r\nbytes of a picture\r\n"))


@pytest.mark.parametrize("status", [200, 202, 302, 400, 401, 413, 500, 507])
def test_any_status_but_201_is_a_broken_promise_with_status_and_body(
    platform: HttpPlatform, answer: Callable[..., None], status: int
) -> None:
    answer(status, b"no space left", Location="/elsewhere")

    with pytest.raises(PromiseBroken) as broken:
        platform.upload(PICTURE)

    assert broken.value.seen == f"uploading 'ação.png' to /api/avatars/ was answered {status}: no space left"


@pytest.mark.parametrize("body", [b"", b"thank you", b"[]", b'"x"', b"null", json.dumps(DESCRIBED).encode()[:40]])
def test_a_201_that_describes_nothing_is_a_broken_promise(
    platform: HttpPlatform, answer: Callable[..., None], body: bytes
) -> None:
    answer(201, body)

    with pytest.raises(PromiseBroken) as broken:
        platform.upload(PICTURE)

    assert broken.value.seen.endswith(f"was answered 201, but not described: {body.decode()}")


@pytest.mark.parametrize("missing", DESCRIBED)
def test_a_201_that_leaves_something_out_is_a_broken_promise(
    platform: HttpPlatform, answer: Callable[..., None], missing: str
) -> None:
    answer(201, {name: value for name, value in DESCRIBED.items() if name != missing})

    with pytest.raises(PromiseBroken, match="answered 201, but not described"):
        platform.upload(PICTURE)


def test_no_answer_to_an_upload_is_a_broken_promise(nowhere: HttpPlatform) -> None:
    with pytest.raises(PromiseBroken, match=r"POST /api/avatars/ got no answer: .*refused"):
        nowhere.upload(PICTURE)


def test_no_answer_to_a_fetch_is_a_broken_promise(nowhere: HttpPlatform) -> None:
    with pytest.raises(PromiseBroken, match=r"GET /media/x got no answer: .*refused"):
        nowhere.fetch("/media/x")


def test_a_service_that_publishes_no_port_is_a_broken_promise() -> None:
    with pytest.raises(PromiseBroken, match="got no answer: web-project publishes no port now"):
        HttpPlatform(unpublished, TOKEN).fetch("/media/x")


def test_what_is_fetched_comes_with_status_bytes_and_type(platform: HttpPlatform, answer: Callable[..., None]) -> None:
    answer(200, b"\x00\xff", Content_Type="image/png")

    assert platform.fetch("/media/x") == Served(200, b"\x00\xff", "image/png")


def test_no_connection_is_kept_alive(platform: HttpPlatform, answer: Callable[..., None], server: _Server) -> None:
    answer(200)

    platform.fetch("/media/x")

    assert server.asked[0][1]["Connection"] == "close", "an open connection would delay the service's stop"


def test_many_requests_may_share_a_connection_and_the_next_one_does_not(
    platform: HttpPlatform, answer: Callable[..., None], server: _Server
) -> None:
    answer(200)

    with platform.keep_alive():
        platform.fetch("/media/x")
    platform.fetch("/media/x")

    assert [headers.get("Connection") == "close" for _, headers, _ in server.asked] == [False, True]


def test_a_connection_that_was_shared_ends_even_with_a_block_that_fails(
    platform: HttpPlatform, answer: Callable[..., None], server: _Server
) -> None:
    answer(200)

    with pytest.raises(ZeroDivisionError), platform.keep_alive():
        raise ZeroDivisionError
    platform.fetch("/media/x")

    assert server.asked[0][1]["Connection"] == "close"


def test_a_fetch_carries_no_token(platform: HttpPlatform, answer: Callable[..., None], server: _Server) -> None:
    answer(200)

    platform.fetch("/media/x")

    assert "Authorization" not in server.asked[0][1], "people look at pictures without a token"


def test_a_proxy_of_the_environment_is_not_asked(
    platform: HttpPlatform, answer: Callable[..., None], server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    answer(200, b"content")

    platform.fetch("/media/avatars/x.png")

    assert [asked for asked, _, _ in server.asked] == ["GET /media/avatars/x.png"], "the request went to the proxy"


@pytest.mark.parametrize("host", ["https://cdn.invalid", "//cdn.invalid"])
def test_what_the_platform_serves_under_another_host_is_asked_for_here(
    platform: HttpPlatform, answer: Callable[..., None], server: _Server, host: str
) -> None:
    answer(200, b"content")

    platform.fetch(f"{host}/media/avatars/a%20b.png?v=2")

    assert [asked for asked, _, _ in server.asked] == ["GET /media/avatars/a%20b.png?v=2"]


def test_a_redirection_is_not_followed(platform: HttpPlatform, answer: Callable[..., None], server: _Server) -> None:
    answer(302, Location="/media/elsewhere")

    assert platform.fetch("/media/x").status == 302
    assert len(server.asked) == 1


@pytest.mark.parametrize("content_type", ["image/png", "image/png; charset=binary"])
def test_the_same_bytes_and_type_are_the_same_picture(content_type: str) -> None:
    assert Served(200, PICTURE.content, content_type).is_same_as(PICTURE)


@pytest.mark.parametrize(
    "other",
    [
        Served(404, PICTURE.content, "image/png"),
        Served(206, PICTURE.content, "image/png"),
        Served(200, PICTURE.content[:-1], "image/png"),
        Served(200, PICTURE.content, "image/pngx"),
        Served(200, PICTURE.content, ""),
    ],
)
def test_another_status_content_or_type_is_not_the_same_picture(other: Served) -> None:
    assert not other.is_same_as(PICTURE)


@pytest.mark.parametrize(
    ("status", "ready"), [(200, True), (404, True), (301, True), (401, True), (500, False), (503, False)]
)
def test_a_platform_is_ready_when_its_health_check_says_so_or_is_not_there(
    platform: HttpPlatform, answer: Callable[..., None], status: int, *, ready: bool
) -> None:
    answer(status)

    assert platform.answers() is ready


def test_a_platform_that_gives_no_answer_is_not_ready(nowhere: HttpPlatform) -> None:
    assert not nowhere.answers()


def test_a_platform_that_publishes_no_port_yet_is_not_ready() -> None:
    assert not HttpPlatform(unpublished, TOKEN).answers()


def test_a_platform_that_moved_is_found_again_by_a_wait(server: _Server, answer: Callable[..., None]) -> None:
    answer(200)
    addresses = [server.address]
    with serving() as old, requests.Session() as session:
        session.trust_env = False
        addresses.append(old.address)
        platform = HttpPlatform(addresses.pop, TOKEN, session)
        assert platform.answers()

        assert platform.answers()

    assert (len(old.asked), len(server.asked)) == (1, 1), "each address was to be asked once"


@pytest.mark.parametrize(
    ("status", "there"), [(200, True), (405, True), (500, True), (302, False), (401, False), (404, False)]
)
def test_an_api_is_there_unless_it_says_that_it_is_not_or_not_for_us(
    platform: HttpPlatform, answer: Callable[..., None], status: int, *, there: bool
) -> None:
    answer(status)

    assert platform.has_api() is there


def test_asking_for_an_api_uploads_nothing(
    platform: HttpPlatform, answer: Callable[..., None], server: _Server
) -> None:
    answer(405)

    platform.has_api()

    ((request, headers, body),) = server.asked
    assert (request, body) == ("GET /api/avatars/", b"")
    assert headers["Authorization"] == f"Bearer {TOKEN}", "an API may hide without a token"


def test_a_platform_that_gives_no_answer_has_no_api(nowhere: HttpPlatform) -> None:
    assert not nowhere.has_api()


def test_a_platform_that_publishes_no_port_has_no_api() -> None:
    assert not HttpPlatform(unpublished, TOKEN).has_api()


class Disk:
    """Where a platform without an API has its pictures written."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.status = 0

    def write(self, path: str, content: bytes) -> Outcome:
        """Keep a file, and say how that ended."""
        self.files[path] = content
        return Outcome(("docker", "exec"), self.status, b"", b"Permission denied\n" if self.status else b"", 0.0)


def test_without_an_api_a_picture_is_written_into_the_directory_of_its_kind() -> None:
    disk = Disk()

    upload = ExecPlatform(unpublished, TOKEN, disk.write).upload(PICTURE)

    assert disk.files == {"avatars/ação.png": PICTURE.content}
    assert upload == Upload(
        PICTURE, "avatars/ação.png", "/media/avatars/a%C3%A7%C3%A3o.png", PICTURE.sha256, len(PICTURE.content)
    )


def test_without_an_api_pictures_of_one_name_are_all_kept() -> None:
    disk = Disk()
    platform = ExecPlatform(unpublished, TOKEN, disk.write)

    for content in (b"1", b"2", b"3"):
        platform.upload(sample("x.png", content))

    assert disk.files == {"avatars/x.png": b"1", "avatars/x (2).png": b"2", "avatars/x (3).png": b"3"}


def test_a_picture_that_can_not_be_written_is_a_broken_promise_in_the_systems_words() -> None:
    disk = Disk()
    disk.status = 1

    with pytest.raises(PromiseBroken, match=r"the service's user can't write avatars/ação\.png: Permission denied"):
        ExecPlatform(unpublished, TOKEN, disk.write).upload(PICTURE)


def test_without_an_api_pictures_are_served_as_ever(answer: Callable[..., None], server: _Server) -> None:
    answer(200, b"picture", Content_Type="image/png")

    platform = ExecPlatform(lambda: server.address, TOKEN, Disk().write)

    assert platform.fetch("/media/x") == Served(200, b"picture", "image/png")


def test_only_a_platform_with_an_api_chooses_where_a_picture_lands() -> None:
    assert (HttpPlatform.has_upload_api, ExecPlatform.has_upload_api) == (True, False)


@pytest.mark.parametrize("status", [201, 401])
def test_the_token_never_enters_the_journal(
    platform: HttpPlatform, answer: Callable[..., None], caplog: pytest.LogCaptureFixture, status: int
) -> None:
    answer(status, DESCRIBED)
    with caplog.at_level("INFO", "verify.events"), suppress(PromiseBroken):
        platform.upload(PICTURE)

    requests_logged = [
        (record.getMessage(), vars(record).get("event")) for record in caplog.records if record.name == "verify.events"
    ]
    assert len(requests_logged) == 1, "the request itself must be in the journal"
    assert TOKEN not in str(requests_logged)


def test_a_request_is_journalled_with_what_was_asked_and_answered(
    platform: HttpPlatform, answer: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    answer(404)
    with caplog.at_level("INFO", "verify.events"):
        platform.fetch("/media/x")

    event = vars(caplog.records[-1])["event"]
    assert (event.kind, event.what, event.status) == ("request", "GET /media/x", 404)


@pytest.mark.parametrize("slashes", ["", "/", "//", "///", "////", "http:////", "http://", "\\\\"])
def test_whatever_url_an_answer_holds_no_other_host_is_asked(
    platform: HttpPlatform, server: _Server, answer: Callable[..., None], slashes: str
) -> None:
    with serving() as other:
        answer(201, {**DESCRIBED, "url": f"{slashes}{other.address.removeprefix('http://')}/media/avatars/x.png"})

        platform.fetch(platform.upload(PICTURE).url)

        assert other.asked == []
    assert len(server.asked) == 2


def test_a_virtual_host_is_asked_by_its_name(server: _Server) -> None:
    HttpPlatform(lambda: server.address, TOKEN, api=UploadApi(host="media.example.org")).fetch("/media/x.png")

    assert server.asked[-1][1]["Host"] == "media.example.org"


def test_media_are_requested_from_the_service_that_serves_them(server: _Server) -> None:
    with serving() as proxy:
        platform = HttpPlatform(lambda: server.address, TOKEN, media_address=lambda: proxy.address)
        platform.fetch("/media/x.png")
        platform.probe()

    assert [asked for asked, *_ in proxy.asked] == ["GET /media/x.png"]
    assert server.asked[-1][0] == "GET /healthz"


def test_where_files_are_written_their_url_is_below_the_media_url() -> None:
    platform = ExecPlatform(unpublished, TOKEN, Disk().write, api=UploadApi(media_url="/prefix/files/"))

    assert platform.upload(sample("a b.png")).url == "/prefix/files/avatars/a%20b.png"


def test_what_is_not_served_can_not_be_requested() -> None:
    platform = UnpublishedPlatform(unpublished, TOKEN, Disk().write, lambda: True, unserved="web publishes no port")

    assert not platform.serves
    with pytest.raises(Unproven, match=r"web publishes no port: /media/x can't be asked for"):
        platform.fetch("/media/x")


def test_a_platform_without_a_port_is_asked_where_another_serves_its_media(server: _Server) -> None:
    platform = UnpublishedPlatform(
        unpublished, TOKEN, Disk().write, lambda: True, unserved="", media_address=lambda: server.address
    )

    assert platform.serves
    assert platform.fetch("/media/x").content == server.body


@pytest.mark.parametrize(("described", "takes"), [(UploadApi(url="/photos"), True), (UploadApi(url=""), False)])
def test_a_description_says_whether_uploads_are_taken(described: UploadApi, *, takes: bool) -> None:
    assert HttpPlatform(unpublished, TOKEN, api=described).takes_uploads() is takes
