"""Uploads log in first, as people do; a failed login has its own message, and credentials are never logged."""

import json
import logging
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import requests
from fake_server import serving
from fake_stack import sample

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.media.uploads.platform_protocol import LoginFailed
from media_guarantees.media.uploads.upload_client import HttpPlatform
from media_guarantees.media.uploads.upload_description import read_upload_api

PICTURE = sample("ação.png", b"bytes of a picture")
PASSWORD = "correct horse battery"
DESCRIPTION = """
[upload]
url = /upload
field = file
accepted = 200
read id = json id
expect json result = Success
answer_url = file.url

[headers]
X-CSRF = {csrf}

[login form]
url = /login
read csrf = input csrf

[login]
url = /login
accepted = 302
field user = editor
field password = ${PASSWORD}
field csrf = {csrf}
read bearer = header X-Bearer

[stored]
url = /pictures/{id}
header Authorization = Bearer {bearer}
"""
BEARER = "bearer-0123456789"


class _Site(ThreadingHTTPServer):
    """A site with a login form. What it answers to each request can be replaced; it remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.logins = 0
        self.asked: list[str] = []
        self.cookies: list[str] = []
        self.replaced: dict[str, tuple[int, str]] = {}
        self.answers_before_it_is_ready = 0
        self.content_type = ""

    @property
    def token(self) -> str:
        """The token of the form and the session, another one after each login."""
        return f"session-token-{self.logins}"


class _Handler(BaseHTTPRequestHandler):
    server: _Site

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        asked = f"{self.command} {self.path}"
        self.server.asked.append(asked)
        self.server.cookies.append(self.headers.get("Cookie", ""))
        if self.server.answers_before_it_is_ready:
            self.server.answers_before_it_is_ready -= 1
            self.answer(200, "starting")
        elif asked in self.server.replaced:
            self.answer(*self.server.replaced[asked])
        elif asked == "GET /login":
            page = f'<form><input name="csrf" value="{self.server.token}"></form>'
            self.answer(200, page, **{"Set-Cookie": f"csrf={self.server.token}; Path=/login-only; Secure"})
        elif asked == "POST /login":
            self.log_in(body)
        elif not self.is_logged_in():
            self.answer(403, "log in first")
        elif asked == "POST /upload":
            self.answer(200, json.dumps({"result": "Success", "id": 7}))
        else:
            self.answer(200, json.dumps({"file": {"url": "/media/pictures/x.png"}}))

    def do_POST(self) -> None:
        self.do_GET()

    def log_in(self, body: str) -> None:
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        if sent != {"user": "editor", "password": PASSWORD, "csrf": self.server.token}:
            self.answer(200, "please enter a correct password")
            return
        self.server.logins += 1
        self.answer(302, "", **{"Set-Cookie": f"session={self.server.token}; HttpOnly", "X-Bearer": BEARER})

    def is_logged_in(self) -> bool:
        if self.path.startswith("/pictures/"):
            return self.headers.get("Authorization") == f"Bearer {BEARER}"
        cookies = SimpleCookie(self.headers.get("Cookie", ""))
        return "session" in cookies and cookies["session"].value == self.server.token

    def answer(self, status: int, body: str, **headers: str) -> None:
        self.send_response(status)
        about = {"Content-Type": self.server.content_type, "Content-Length": str(len(body.encode()))}
        for name, value in {**headers, **about}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_guarantees.media.uploads.upload_client.LOGIN_SECONDS", 0.0)


@pytest.fixture(name="site")
def _site() -> Iterator[_Site]:
    with serving(_Site()) as site:
        yield site


@pytest.fixture(name="described")
def _described(site: _Site, tmp_path: Path) -> Iterator[Callable[..., HttpPlatform]]:
    """Return the platform of a description."""
    with requests.Session() as session:

        def described(text: str = DESCRIPTION, password: str = PASSWORD) -> HttpPlatform:
            file = tmp_path / "uploads.ini"
            file.write_text(text)
            return HttpPlatform(lambda: site.address, "", session, read_upload_api(file, {"PASSWORD": password}))

        yield described


def test_who_uploads_logs_in_first_and_learns_where_the_picture_is(
    site: _Site, described: Callable[..., HttpPlatform]
) -> None:
    upload = described().upload(PICTURE)

    assert site.asked == ["GET /login", "POST /login", "POST /upload", "GET /pictures/7"]
    assert (upload.path, upload.url) == ("pictures/x.png", "/media/pictures/x.png")


def test_one_login_is_for_many_uploads_of_one_client(site: _Site, described: Callable[..., HttpPlatform]) -> None:
    platform = described()

    for _ in range(3):
        platform.upload(PICTURE)

    assert site.logins == 1


def test_each_client_logs_in_for_itself(site: _Site, described: Callable[..., HttpPlatform]) -> None:
    platform = described()
    platform.upload(PICTURE)

    with requests.Session() as session:
        platform.for_client(lambda: site.address, session).upload(PICTURE)

    assert site.logins == 2


def test_who_was_logged_out_logs_in_again(site: _Site, described: Callable[..., HttpPlatform]) -> None:
    platform = described()
    platform.upload(PICTURE)
    site.logins += 1  # the session that the client holds is none any more

    platform.upload(PICTURE)

    assert site.asked[4:] == ["POST /upload", "GET /login", "POST /login", "POST /upload", "GET /pictures/7"]


def test_an_upload_that_is_refused_by_one_who_is_logged_in_is_refused(
    site: _Site, described: Callable[..., HttpPlatform]
) -> None:
    site.replaced["POST /upload"] = (200, '{"result": "Warning"}')

    with pytest.raises(PromiseBroken, match=r"was answered 200: .*Warning"):
        described().upload(PICTURE)

    assert site.asked.count("POST /upload") == 1


def test_a_picture_is_asked_for_without_being_logged_in(site: _Site, described: Callable[..., HttpPlatform]) -> None:
    platform = described()
    platform.upload(PICTURE)

    platform.fetch("/media/pictures/x.png")

    assert "session=" in site.cookies[-2], "the upload needs the cookie"
    assert site.cookies[-1] == "", "people look at pictures without being logged in"


def test_a_login_that_is_refused_is_its_own_sentence(described: Callable[..., HttpPlatform]) -> None:
    with pytest.raises(LoginFailed) as failed:
        described(password="wrong password").upload(PICTURE)

    assert failed.value.seen == (
        "logging in as the description of the uploads says, POST /login of [login] was answered 200: "
        "please enter a correct password"
    )
    assert "UPLOAD_CONFIG" in failed.value.next_step


def test_a_token_that_is_missing_in_the_answer_is_its_own_sentence(
    site: _Site, described: Callable[..., HttpPlatform]
) -> None:
    site.replaced["GET /login"] = (200, "<form></form>")

    with pytest.raises(
        LoginFailed, match=r"GET /login of \[login form\] was answered 200, without input csrf: <form></form>\n"
    ) as failed:
        described().expect_login()

    assert "[login …] section" in failed.value.next_step


def test_of_a_page_that_refuses_a_login_what_people_see_is_quoted(
    site: _Site, described: Callable[..., HttpPlatform]
) -> None:
    head = f"<head>\n<title>Site</title><style>a{{color:#fc5}}</style>{'<meta name=theme>' * 40}</head>"
    site.content_type = "text/html; charset=utf-8"
    site.replaced["POST /login"] = (403, f"<html>{head}<body><h1>no such\neditor</h1><script>x()</script></body>")

    with pytest.raises(LoginFailed, match=r"POST /login of \[login\] was answered 403: no such editor\n"):
        described().expect_login()


def test_a_login_that_fails_only_at_first_is_tried_again(
    site: _Site, described: Callable[..., HttpPlatform], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_guarantees.media.uploads.upload_client.LOGIN_SECONDS", 5.0)
    monkeypatch.setattr("media_guarantees.media.uploads.upload_client.LOGIN_PAUSE", 0.01)
    site.answers_before_it_is_ready = 2

    described().expect_login()

    assert site.asked == ["GET /login"] * 3 + ["POST /login"]


def test_a_login_that_gets_no_answer_is_its_own_sentence(site: _Site, described: Callable[..., HttpPlatform]) -> None:
    platform = described()
    site.server_close()

    with pytest.raises(LoginFailed, match=r"logging in .* got no answer"):
        platform.expect_login()


@pytest.mark.parametrize(
    ("request_", "answer", "words"),
    [
        ("POST /upload", (200, '{"result": "Success"}'), "was answered 200, but not described"),
        ("GET /pictures/7", (404, "gone"), "was answered 200, but not described"),
        ("GET /pictures/7", (200, "{}"), "was answered 200, but not described"),
        ("GET /pictures/7", (502, ""), "/pictures/{id} was answered 502"),
    ],
)
def test_an_upload_without_a_place_in_the_answer_is_a_broken_promise(
    site: _Site, described: Callable[..., HttpPlatform], request_: str, answer: tuple[int, str], words: str
) -> None:
    site.replaced[request_] = answer

    with pytest.raises(PromiseBroken, match=words.replace("{", r"\{")):
        described().upload(PICTURE)


def test_passwords_and_tokens_are_not_logged(
    site: _Site, described: Callable[..., HttpPlatform], caplog: pytest.LogCaptureFixture
) -> None:
    text = DESCRIPTION.replace("/pictures/{id}", "/pictures/{id}?key={bearer}")
    site.replaced[f"GET /pictures/7?key={BEARER}"] = (200, json.dumps({"file": {"url": "/media/x.png"}}))

    with caplog.at_level(logging.DEBUG, logger="verify.events"):
        described(text).upload(PICTURE)

    logged = [record.getMessage() for record in caplog.records]
    assert any("GET /pictures/7?key=***" in line for line in logged), logged
    assert journal.redact(f"{BEARER} {site.token}") == "*** ***"


def test_a_refusal_that_repeats_a_token_does_not_give_it_away(
    site: _Site, described: Callable[..., HttpPlatform]
) -> None:
    site.replaced["POST /login"] = (403, f"the token {site.token} is wrong")

    with pytest.raises(LoginFailed, match=r"the token \*\*\* is wrong"):
        described().upload(PICTURE)
