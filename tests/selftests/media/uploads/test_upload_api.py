"""A value is read from where it is in an answer, and one that is missing is named."""

import json
import re
from typing import Any

import pytest
import requests

from media_guarantees.media.uploads.upload_api import AnswerLacks, AnswerValue, UploadApi, local_part


def answered(content: object) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer._content = 200, json.dumps(content).encode()
    return answer


@pytest.mark.parametrize(
    ("given", "answer", "found"),
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
def test_an_answer_gives_path_and_url_on_this_platform(
    given: dict[str, str], answer: dict[str, Any], found: tuple[str, str]
) -> None:
    assert UploadApi(**given).locate(answered(answer)) == found  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", [{}, {"path": "x"}, {"path": "", "url": ""}, [], None, {"path": [], "url": {}}])
def test_an_answer_without_a_place_is_refused(answer: object) -> None:
    with pytest.raises(AnswerLacks):
        UploadApi().locate(answered(answer))


def test_path_and_url_may_be_made_of_values_that_were_read() -> None:
    api = UploadApi(answer_path="{folder}/{file}", answer_url="/assets/{file}")

    assert api.locate(answered({}), {"folder": "2026", "file": "a é.png"}) == ("2026/a é.png", "/assets/a%20%C3%A9.png")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("json items.1.id", "7"),
        ("items.0", "first"),
        ("json done", "true"),
        ("cookie session", "s3ss10n"),
        ("header Location", "/here"),
        ("input csrf", "t0k&n"),
        ("input nonce", "in a meta"),
        (r'match "file": "([^"]+)"', "x.png"),
        ("match x.png", "x.png"),
    ],
)
def test_a_value_is_read_from_its_place_in_an_answer(given: str, found: str) -> None:
    page = '<input name="csrf" value="t0k&amp;n"><meta name="nonce" content="in a meta">'
    answer = answered({"items": ["first", {"id": 7}], "done": True, "file": "x.png", "page": 0})
    if given.startswith("input"):
        answer._content = page.encode()
    answer.cookies.set("session", "s3ss10n")
    answer.headers["Location"] = "/here"

    assert AnswerValue.of(given).read(answer) == found


@pytest.mark.parametrize("given", ["json a.b", "a", "cookie no", "header No", "input no", "match (no)", "json list.9"])
def test_a_value_that_is_not_there_is_named(given: str) -> None:
    with pytest.raises(AnswerLacks, match=re.escape(given.removeprefix("json "))):
        AnswerValue.of(given).read(answered({"list": [1]}))


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

    assert UploadApi(answer_path="").locate(answered(answer))[1] == "/evil.example/media/a.png"
