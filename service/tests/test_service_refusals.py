"""What is refused: why, and that nothing of it stays behind."""

import io
import json
import struct
import zlib

import pytest

from pictures import END, part, picture, send, upload
from uploads.models import Upload


def _png_of(width, height):
    """Return a PNG whose header claims a size; its data is a single line."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * (width + 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _damaged_png():
    content = bytearray(picture("PNG"))
    content[-20] ^= 1
    return bytes(content)


def _assert_refused(answer, status, reason, media):
    assert answer.status_code == status, f"expected {status}, got {answer.status_code}: {answer.content!r}"
    assert answer["Content-Type"] == "application/json"
    assert reason in json.loads(answer.content)["error"]
    left = [path for path in media.rglob("*") if not path.is_dir()]
    assert not left, f"a refused upload left {left}"
    assert not Upload.objects.exists(), "a refused upload left a record"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("note.jpg", b"not a picture", "not a picture"),
        ("lie.png", picture("JPEG"), "says image/png, but its content is image/jpeg"),
        ("bitmap.png", picture("BMP"), "not a picture"),
        ("damaged.png", _damaged_png(), "not a picture"),
        ("cut.jpg", picture()[:40], "not a picture"),
        ("empty.jpg", b"", "empty"),
        ("bomb.png", _png_of(30_000, 30_000), "larger than 50000000 pixels"),
        ("large.png", _png_of(10_000, 5_001), "larger than 50000000 pixels"),
    ],
)
def test_a_content_that_is_no_proper_picture_is_refused(member, media, name, content, reason):
    _assert_refused(upload(member, content, name), 400, reason, media)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../../etc/x.jpg", "slash"),
        ("/etc/x.jpg", "slash"),
        ("a/b.jpg", "slash"),
        ("..\\\\x.jpg", "backslash"),
        ("C:\\\\x.jpg", "backslash"),
        ("a\0b.jpg", "control characters"),
        ("a\tb.jpg", "control characters"),
        (".jpg", "begin with a dot"),
        (".hidden.jpg", "begin with a dot"),
        ("..", "begin with a dot"),
        ("é" * 126 + ".jpg", "longer than 255 bytes"),
        ("picture", "must end with one of .jpg"),
        ("picture.bmp", "must end with one of .jpg"),
        ("picture.jpg.exe", "must end with one of .jpg"),
    ],
)
def test_a_name_that_cannot_be_kept_is_refused(member, media, name, reason):
    _assert_refused(upload(member, picture(), name), 400, reason, media)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (END, "no file"),
        (part(b"text", 'name="file"') + END, "no file"),
        (part(picture(), 'name="file"; filename=""') + END, "no file"),
        (part(picture(), 'name="picture"; filename="a.jpg"') + END, "must be in the field 'file'"),
        (part(picture(), 'name="file"; filename="a.jpg"') * 2 + END, "Only one file"),
        (part(picture(), 'name="file"; filename="a.jpg"')[:-2], "cut off"),
        (part(picture(), 'name="file"; filename="a.jpg"'), "cut off"),
        (part(picture(), "name=\"file\"; filename*=none''a.jpg") + END, "no file"),
    ],
)
def test_a_request_that_is_no_proper_upload_is_refused(member, media, body, reason):
    _assert_refused(send(member, body), 400, reason, media)


def test_a_body_that_is_not_multipart_is_refused(member, media):
    answer = member.generic("POST", "/api/avatars/", picture(), content_type="image/jpeg")

    _assert_refused(answer, 400, "not a proper upload", media)


def test_a_request_without_a_length_is_refused(member, media):
    answer = member.post("/api/avatars/", CONTENT_LENGTH="")

    _assert_refused(answer, 411, "Content-Length", media)


def test_a_file_above_the_limit_is_refused(member, media, settings_limit):
    settings_limit(len(picture()) - 1)

    _assert_refused(upload(member, picture(), "large.jpg"), 413, "must not be larger than", media)


class _Untouched(io.BytesIO):
    def read(self, *_):
        raise AssertionError("the body was read")


def test_a_far_too_large_request_is_refused_before_its_body_is_read(member, media, settings_limit):
    settings_limit(100)
    answer = member.post("/api/avatars/", CONTENT_LENGTH="1000000", **{"wsgi.input": _Untouched()})

    _assert_refused(answer, 413, "must not be larger than 100 bytes", media)


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic sesame", "sesame"])
def test_without_the_token_nothing_is_accepted(client, media, authorization):
    answer = send(client, END, HTTP_AUTHORIZATION=authorization)

    _assert_refused(answer, 401, "token", media)
    assert answer["WWW-Authenticate"] == "Bearer"


def test_without_the_token_the_body_is_not_read(client, media):
    answer = client.post("/api/avatars/", CONTENT_LENGTH="1000", **{"wsgi.input": _Untouched()})

    _assert_refused(answer, 401, "token", media)


def test_without_the_token_nothing_is_listed(client, media):
    _assert_refused(client.get("/api/avatars/"), 401, "token", media)


def test_an_unknown_kind_is_refused(member, media):
    _assert_refused(upload(member, picture(), "a.jpg", "wallpapers"), 404, "no kind 'wallpapers'", media)


def test_an_unknown_address_is_answered_in_json(client, media):
    _assert_refused(client.get("/nowhere"), 404, "nothing at this address", media)


@pytest.mark.parametrize("path", ["/api/avatars/", "/media/avatars/a.jpg", "/healthz"])
def test_a_method_without_a_meaning_is_refused(member, media, path):
    answer = member.delete(path)

    _assert_refused(answer, 405, "DELETE is not possible", media)
    assert "GET" in answer["Allow"]


def test_an_error_that_nobody_foresaw_is_answered_in_json(member, media, monkeypatch):
    monkeypatch.setattr("uploads.views.check_picture", None)

    _assert_refused(upload(member, picture(), "a.jpg"), 500, "inside the platform", media)
