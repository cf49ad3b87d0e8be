"""A description of uploads is read as it is meant, or refused with the reason."""

from pathlib import Path
from typing import Any

import pytest

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.media.sample_pictures import KINDS
from media_guarantees.media.uploads.upload_api import AnswerValue, UploadApi
from media_guarantees.media.uploads.upload_description import read_upload_api

LOGIN = """
[upload]
url = /upload/{kind}
field = files[]
read id = json image_id
expect json success = true

[headers]
X-CSRFToken = {csrf}
X-Requested-With = XMLHttpRequest

[fields]
title = {unique} {name}

[login form]
url = /login/
read csrf = input csrftoken

[login]
url = /login/
accepted = 302
field username = editor
field password = ${PASSWORD}
field secret_answer = a blue bicycle
field token = {csrf}
header Referer = http://here/
read bearer = json data.token
expect header Location = /admin/

[stored]
url = /images/{id}/
header Authorization = Bearer {bearer}
"""

DESCRIPTION = """
[upload]
url = /api/v1/photos/{kind}
method = PUT
field = image
accepted = 200 201
answer_url = data.links.0.href
media_url = /files/
ready = /up

[headers]
Authorization = Token ${PHOTOS_TOKEN}
X-Site = 1

[fields]
album = album of {kind}

[kinds]
avatars = avatar
event_banners = banner/wide
"""


def read(folder: Path, text: str, **environment: str) -> UploadApi:
    file = folder / "uploads.ini"
    file.write_text(text, encoding="utf-8")
    return read_upload_api(file, environment)


def test_a_whole_description_is_read(tmp_path: Path) -> None:
    api = read(tmp_path, DESCRIPTION, PHOTOS_TOKEN="secret%x")

    assert (api.method, api.field, api.accepted, api.ready) == ("PUT", "image", (200, 201), "/up")
    assert api.headers == {"Authorization": "Token secret%x", "X-Site": "1"}
    assert api.url_for("event_banners") == "/api/v1/photos/banner/wide"
    assert api.fields_for("avatars") == {"album": "album of avatar"}
    assert tuple(api.kinds) == ("avatars", "event_banners")


def test_a_login_is_read_in_its_order_with_what_is_read_and_sent(tmp_path: Path) -> None:
    api = read(tmp_path, LOGIN, PASSWORD="correct horse")

    form, login = api.login
    assert (form.section, form.method, form.url, form.accepted) == ("login form", "GET", "/login/", (200,))
    assert form.reads == {"csrf": AnswerValue("input", "csrftoken")}
    assert (login.section, login.method, login.accepted, login.encoding) == ("login", "POST", (302,), "form")
    assert login.expects == ((AnswerValue("header", "Location"), "/admin/"),)
    assert login.body({"csrf": "t0k"}) == {
        "headers": {"Referer": "http://here/"},
        "data": {
            "username": "editor",
            "password": "correct horse",
            "secret_answer": "a blue bicycle",
            "token": "t0k",
        },
    }
    assert api.stored is not None
    assert (api.stored.url, api.stored.headers) == ("/images/{id}/", {"Authorization": "Bearer {bearer}"})
    assert (api.reads, api.expects) == (
        {"id": AnswerValue("json", "image_id")},
        ((AnswerValue("json", "success"), "true"),),
    )
    values = {"name": "a.png", "unique": "123", "csrf": "t0k"}
    assert api.fields_for("avatars", values) == {"title": "123 a.png"}


def test_what_comes_from_a_variable_or_is_called_a_password_is_never_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_secrets", set())

    read(tmp_path, LOGIN, PASSWORD="correct horse")

    said = "editor, correct horse, a blue bicycle, XMLHttpRequest, {csrf}"
    assert journal.redact(said) == "editor, ***, ***, XMLHttpRequest, {csrf}"


def test_only_what_a_variable_gave_is_concealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a header says in the file is no secret: concealed, "2" would be missing in every figure of the evidence."""
    monkeypatch.setattr(journal, "_secrets", set())
    headers = "[headers]\nX-Api-Version = 2\nX-Site = ${SITE}\nAuthorization = Token ${PHOTOS_TOKEN}\n"

    read(tmp_path, headers, SITE="1", PHOTOS_TOKEN="12345678")

    assert journal.redact("12 files, 2.4 MB; Token 12345678") == "12 files, 2.4 MB; Token ***"


def test_a_body_of_json_is_sent_as_such(tmp_path: Path) -> None:
    api = read(tmp_path, "[login]\nurl = /auth\nbody = json\nfield email = a@b.example\n")

    assert api.login[0].body({}) == {"headers": {}, "json": {"email": "a@b.example"}}


def test_a_body_of_several_parts_is_sent_as_such(tmp_path: Path) -> None:
    api = read(tmp_path, "[login]\nurl = /\nbody = multipart\nfield act = login\n")

    assert api.login[0].body({}) == {"headers": {}, "files": {"act": (None, "login")}}


def test_what_is_left_out_is_as_connect_has_it(tmp_path: Path) -> None:
    api = read(tmp_path, "[upload]\nfield = image\n")

    assert (api.url_for("avatars"), api.method, api.field, api.accepted) == ("/api/avatars/", "POST", "image", (201,))
    assert tuple(api.kinds) == KINDS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[upload", "it can't be read"),
        ("url = /x\n", "it can't be read"),
        ("[uploads]\n", r"it has a section \[uploads\]; known are \[upload\], \[headers\]"),
        ("[upload]\nurls = /x\n", "'urls'; known are accepted, answer_path"),
        ("[upload]\nurl = https://example.org/x\n", "which is no path: only the platform in the sandbox is ever asked"),
        ("[upload]\naccepted = yes\n", "accepted is 'yes', which are no HTTP statuses"),
        ("[kinds]\nphotos = x\n", "'photos'; known are avatars, event_banners, profile_pictures"),
        ("[login]\nfield a = b\n", r"\[login\] has no url"),
        ("[login]\nurl = https://example.org/\n", r"\[login\] url is .* which is no path"),
        ("[login]\nurl = /\nbody = xml\n", "has the body 'xml'; known are form, multipart, json"),
        ("[login x]\nurl = /\nfields a = b\n", r"\[login x\] has 'fields a'; known are .*field …, header …"),
        ("[login]\nurl = /\nread a = json\n", "reads 'json'; a value begins with one of json, cookie, header"),
        ("[login]\nurl = /\nread a = match (\n", "which is no regular expression"),
        ("[login]\nurl = /\nread a = cookies b\n", "reads 'cookies b'; a value begins with one of"),
        ("[login]\nurl = /{a}\nread a = json b\n", r"\[login\] uses {a}, which no answer before it is read for"),
        ("[headers]\nX = {token}\n", r"\[upload\] uses {token}, which no answer"),
        ("[upload]\nanswer_url = /x/{id}\n", r"\[upload\] uses {id}, which no answer"),
        ("[headers]\nX = ${NOBODY}\n", "it needs the variable NOBODY, which is set neither here nor in the service"),
    ],
)
def test_what_is_no_description_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as refused:
        read(tmp_path, text)

    assert "uploads.ini should describe how the platform takes uploads" in refused.value.problem
    assert "UPLOAD_CONFIG" in refused.value.hint


@pytest.mark.parametrize("make", [lambda file: file.mkdir(), lambda file: file.write_bytes(b"\xff"), lambda _: None])
def test_a_file_that_can_not_be_read_is_refused_in_words(tmp_path: Path, make: Any) -> None:
    file = tmp_path / "uploads.ini"
    make(file)

    with pytest.raises(BadInput, match="it can't be read"):
        read_upload_api(file, {})


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("[upload]\nmedia_url = /files/\nready = /up\nhost = media.example.org\n", ""),
        ("[upload]\nmedia_url = /files/\nfield = image\n", "/api/{kind}/"),
        ("[upload]\nhost = media.example.org\n[headers]\nX-Token = 1\n", "/api/{kind}/"),
    ],
)
def test_a_description_of_serving_alone_describes_no_uploads(tmp_path: Path, text: str, url: str) -> None:
    assert read(tmp_path, text).url == url
