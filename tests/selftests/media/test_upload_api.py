"""A description of uploads is read as it is meant, and refused with words where it can't be."""

from pathlib import Path
from typing import Any

import pytest

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.media.sample_pictures import KINDS
from media_guarantees.media.upload_api import UploadApi, local_part, read_upload_api

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


def test_what_is_left_out_is_as_connect_has_it(tmp_path: Path) -> None:
    api = read(tmp_path, "[upload]\nfield = image\n")

    assert (api.url_for("avatars"), api.method, api.field, api.accepted) == ("/api/avatars/", "POST", "image", (201,))
    assert tuple(api.kinds) == KINDS


@pytest.mark.parametrize(
    ("told", "answer", "found"),
    [
        ({}, {"path": "avatars/x.png", "url": "/media/avatars/x.png"}, ("avatars/x.png", "/media/avatars/x.png")),
        ({"answer_url": ""}, {"path": "a/ç.png"}, ("a/ç.png", "/media/a/%C3%A7.png")),
        ({"answer_path": ""}, {"url": "/media/a/%C3%A7.png"}, ("a/ç.png", "/media/a/%C3%A7.png")),
        ({"answer_path": ""}, {"url": "https://cdn.example/media/a.png?x=1"}, ("a.png", "/media/a.png")),
        ({"answer_path": "", "answer_url": "d.0.u"}, {"d": [{"u": "/media/a"}]}, ("a", "/media/a")),
        ({"answer_path": "", "media_url": "/f/"}, {"url": "/f/a"}, ("a", "/f/a")),
    ],
    ids=["both", "path", "URL", "URL of another host", "deep", "another place"],
)
def test_an_answer_tells_path_and_url_on_this_platform(
    told: dict[str, str], answer: dict[str, Any], found: tuple[str, str]
) -> None:
    assert UploadApi(**told).read_answer(answer) == found  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", [{}, {"path": "x"}, {"path": "", "url": ""}, [], None, {"path": 1, "url": 2}])
def test_an_answer_that_tells_nothing_is_refused(answer: object) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        UploadApi().read_answer(answer)


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


def test_only_what_a_variable_gave_is_concealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a header says in the file is no secret: concealed, "2" would be missing in every figure of the evidence."""
    monkeypatch.setattr(journal, "_secrets", set())
    headers = "[headers]\nX-Api-Version = 2\nX-Site = ${SITE}\nAuthorization = Token ${PHOTOS_TOKEN}\n"

    read(tmp_path, headers, SITE="1", PHOTOS_TOKEN="12345678")

    assert journal.redact("12 files, 2.4 MB; Token 12345678") == "12 files, 2.4 MB; Token ***"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/media/a.png?x=1", "/media/a.png?x=1"),
        ("https://cdn.example/media/a.png", "/media/a.png"),
        ("//evil.example/a.png", "/a.png"),
        ("////evil.example/a.png", "/evil.example/a.png"),
        ("http:////evil.example/a.png", "/evil.example/a.png"),
        ("media/a.png", "/media/a.png"),
        ("@evil.example/a.png", "/@evil.example/a.png"),
        (":80@evil.example/a.png", "/:80@evil.example/a.png"),
        ("http:evil.example", "/evil.example"),
    ],
)
def test_of_a_url_only_what_follows_its_host_is_used(url: str, expected: str) -> None:
    assert local_part(url) == expected


def test_an_answer_that_names_another_host_means_the_platforms_own() -> None:
    answer = {"path": "", "url": "////evil.example/media/a.png"}

    assert UploadApi(answer_path="").read_answer(answer)[1] == "/evil.example/media/a.png"


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
