"""Answers of the platform are taken as they are; a missing answer is a broken promise; the token is never shown."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from fake_server import FakeServer, serving
from fake_stack import sample

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.media.uploads.platform_protocol import Served, Upload
from media_guarantees.media.uploads.upload_api import UploadApi
from media_guarantees.media.uploads.upload_client import HttpPlatform

TOKEN = "the-secret-token"
PICTURE = sample("ação.png", b"bytes of a picture")
DESCRIBED = {"path": "avatars/x.png", "url": "/media/avatars/x.png", "sha256": "00", "size": 18}


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[FakeServer]:
    with serving(FakeServer()) as server:
        yield server


@pytest.fixture(name="answer")
def _answer(server: FakeServer) -> Callable[..., None]:
    return server.answer


@pytest.fixture(name="platform")
def _platform(server: FakeServer) -> Iterator[HttpPlatform]:
    with requests.Session() as session:
        yield HttpPlatform(lambda: server.address, TOKEN, session)


@pytest.fixture(name="nowhere")
def _nowhere() -> Iterator[HttpPlatform]:
    """Return a platform at a port that nothing listens on any more."""
    with serving(FakeServer()) as server:
        address = server.address
    with requests.Session() as session:
        yield HttpPlatform(lambda: address, TOKEN, session)


def unpublished() -> str:
    raise LookupError("web-project publishes no port now")


def test_an_upload_is_what_the_answer_describes(platform: HttpPlatform, answer: Callable[..., None]) -> None:
    answer(201, DESCRIBED)

    assert platform.upload(PICTURE) == Upload(PICTURE, "avatars/x.png", "/media/avatars/x.png", "00", 18)


def test_one_more_client_uploads_to_the_same_platform(
    platform: HttpPlatform, answer: Callable[..., None], server: FakeServer
) -> None:
    answer(201, DESCRIBED)

    with requests.Session() as session:
        platform.for_client(lambda: server.address, session).upload(PICTURE)

    ((_, headers, _),) = server.asked
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Connection"] == "close"


@pytest.mark.parametrize("status", [201, 503])
def test_posting_a_picture_returns_any_answer(platform: HttpPlatform, answer: Callable[..., None], status: int) -> None:
    answer(status, DESCRIBED)

    response = platform.post(PICTURE)

    assert (response.status_code, platform.is_accepted(response)) == (status, status == 201)


def test_a_picture_is_sent_whole_with_its_name_type_and_the_token(
    platform: HttpPlatform, answer: Callable[..., None], server: FakeServer
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


def test_no_connection_is_kept_alive(platform: HttpPlatform, answer: Callable[..., None], server: FakeServer) -> None:
    answer(200)

    platform.fetch("/media/x")

    assert server.asked[0][1]["Connection"] == "close", "an open connection would delay the service's stop"


def test_many_requests_may_share_a_connection_and_the_next_one_does_not(
    platform: HttpPlatform, answer: Callable[..., None], server: FakeServer
) -> None:
    answer(200)

    with platform.keep_alive():
        platform.fetch("/media/x")
    platform.fetch("/media/x")

    assert [headers.get("Connection") == "close" for _, headers, _ in server.asked] == [False, True]


class _ClosesBeforeTheSecond(BaseHTTPRequestHandler):
    """Keeps a connection alive after its first answer, and closes it when it is used again, as after an idle time."""

    protocol_version = "HTTP/1.1"
    answered = False

    def do_GET(self) -> None:
        self.close_connection = self.answered
        if not self.answered:
            self.answered = True
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_picture_is_not_taken_for_lost_because_its_server_closed_an_idle_connection() -> None:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), _ClosesBeforeTheSecond)) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        platform = HttpPlatform(lambda: address, "token")

        with platform.keep_alive():
            fetched = [platform.fetch(f"/media/{name}").status for name in "abc"]

    assert fetched == [200, 200, 200]


def test_a_server_that_closes_every_connection_without_an_answer_is_asked_no_third_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_ClosesBeforeTheSecond, "answered", True)
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), _ClosesBeforeTheSecond)) as server:
        platform = HttpPlatform(lambda: f"http://127.0.0.1:{server.server_address[1]}", "token")

        with platform.keep_alive(), pytest.raises(PromiseBroken, match="GET /media/a got no answer"):
            platform.fetch("/media/a")


def test_a_connection_that_was_shared_ends_even_with_a_block_that_fails(
    platform: HttpPlatform, answer: Callable[..., None], server: FakeServer
) -> None:
    answer(200)

    with pytest.raises(ZeroDivisionError), platform.keep_alive():
        raise ZeroDivisionError
    platform.fetch("/media/x")

    assert server.asked[0][1]["Connection"] == "close"


def test_a_fetch_carries_no_token(platform: HttpPlatform, answer: Callable[..., None], server: FakeServer) -> None:
    answer(200)

    platform.fetch("/media/x")

    assert "Authorization" not in server.asked[0][1], "people look at pictures without a token"


def test_a_proxy_of_the_environment_is_not_asked(
    platform: HttpPlatform, answer: Callable[..., None], server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    answer(200, b"content")

    platform.fetch("/media/avatars/x.png")

    assert [asked for asked, _, _ in server.asked] == ["GET /media/avatars/x.png"], "the request went to the proxy"


@pytest.mark.parametrize("host", ["https://cdn.invalid", "//cdn.invalid"])
def test_what_the_platform_serves_under_another_host_is_asked_for_here(
    platform: HttpPlatform, answer: Callable[..., None], server: FakeServer, host: str
) -> None:
    answer(200, b"content")

    platform.fetch(f"{host}/media/avatars/a%20b.png?v=2")

    assert [asked for asked, _, _ in server.asked] == ["GET /media/avatars/a%20b.png?v=2"]


def test_a_redirection_is_not_followed(platform: HttpPlatform, answer: Callable[..., None], server: FakeServer) -> None:
    answer(302, Location="/media/elsewhere")

    assert platform.fetch("/media/x").status == 302
    assert len(server.asked) == 1


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


def test_a_platform_that_moved_is_found_again_by_a_wait(server: FakeServer, answer: Callable[..., None]) -> None:
    answer(200)
    addresses = [server.address]
    with serving(FakeServer()) as old, requests.Session() as session:
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
    platform: HttpPlatform, answer: Callable[..., None], server: FakeServer
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
    platform: HttpPlatform, server: FakeServer, answer: Callable[..., None], slashes: str
) -> None:
    with serving(FakeServer()) as other:
        answer(201, {**DESCRIBED, "url": f"{slashes}{other.address.removeprefix('http://')}/media/avatars/x.png"})

        platform.fetch(platform.upload(PICTURE).url)

        assert other.asked == []
    assert len(server.asked) == 2


def test_a_virtual_host_is_asked_by_its_name(server: FakeServer) -> None:
    HttpPlatform(lambda: server.address, TOKEN, api=UploadApi(host="media.example.org")).fetch("/media/x.png")

    assert server.asked[-1][1]["Host"] == "media.example.org"


def test_media_are_requested_from_the_service_that_serves_them(server: FakeServer) -> None:
    with serving(FakeServer()) as proxy:
        platform = HttpPlatform(lambda: server.address, TOKEN, media_address=lambda: proxy.address)
        platform.fetch("/media/x.png")
        platform.probe()

    assert [asked for asked, *_ in proxy.asked] == ["GET /media/x.png"]
    assert server.asked[-1][0] == "GET /healthz"


@pytest.mark.parametrize(("described", "takes"), [(UploadApi(url="/photos"), True), (UploadApi(url=""), False)])
def test_a_description_says_whether_uploads_are_taken(described: UploadApi, *, takes: bool) -> None:
    assert HttpPlatform(unpublished, TOKEN, api=described).takes_uploads() is takes
