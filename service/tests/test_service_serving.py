"""What is served under /media/, and what never is."""

import json
import os
import socket

import pytest

from pictures import picture, upload


def _body(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.fixture(name="place")
def _place(media):
    """Puts a file into the media root behind the platform's back, as a restore does."""

    def _write(name, content=b"content"):
        path = os.path.join(os.fsencode(media), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    return _write


def test_an_upload_is_served_as_it_came(member):
    url = upload(member, picture(), "ação 🎉.jpg").json()["url"]
    answer = member.get(url)

    assert (answer.status_code, answer["Content-Type"], _body(answer)) == (200, "image/jpeg", picture())


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.jpg", "image/jpeg"),
        ("a.JPEG", "image/jpeg"),
        ("a.png", "image/png"),
        ("a.webp", "image/webp"),
        ("a.gif", "image/gif"),
        ("a.html", "application/octet-stream"),
        ("a.svg", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_the_type_comes_from_the_name(client, place, name, content_type):
    place(f"avatars/{name}".encode())

    assert client.get(f"/media/avatars/{name}")["Content-Type"] == content_type


def test_browsers_are_told_not_to_guess_the_type(client, place):
    place(b"avatars/a.jpg")

    assert client.get("/media/avatars/a.jpg")["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        (b"old/2019/deep down/a.jpg", "old/2019/deep%20down/a.jpg"),
        (b"avatars/line\nbreak.jpg", "avatars/line%0Abreak.jpg"),
        (b"avatars/\xff\xfe.jpg", "avatars/%FF%FE.jpg"),
        (b"avatars/%FF.jpg", "avatars/%25FF.jpg"),
        (b'avatars/"quoted" \\ 100%?#.jpg', "avatars/%22quoted%22%20%5C%20100%25%3F%23.jpg"),
        (b"avatars/-rf", "avatars/-rf"),
        (b"avatars/ spaces ", "avatars/%20spaces%20"),
    ],
)
def test_files_with_any_name_are_served(client, place, name, address):
    place(name)
    answer = client.get(f"/media/{address}")

    assert (answer.status_code, _body(answer)) == (200, b"content")


def test_a_link_inside_the_media_root_is_followed(client, place, media):
    place(b"avatars/a.jpg")
    (media / "avatars" / "b.jpg").symlink_to("a.jpg")

    assert _body(client.get("/media/avatars/b.jpg")) == b"content"


def test_an_empty_file_is_served_empty(client, place):
    place(b"avatars/empty.jpg", b"")
    answer = client.get("/media/avatars/empty.jpg")

    assert (answer.status_code, _body(answer)) == (200, b"")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "avatars",
        "avatars/",
        "avatars/missing.jpg",
        "avatars/a.jpg/",
        "avatars//a.jpg",
        "../secret.jpg",
        "avatars/../../secret.jpg",
        "%2e%2e/secret.jpg",
        "avatars/..%2f..%2fsecret.jpg",
        "/etc/passwd",
        "avatars/a.jpg%00",
        "avatars/.dot.jpg",
        ".dots/a.jpg",
        "avatars/outside.jpg",
        "avatars/loop.jpg",
        "avatars/pipe.jpg",
        "avatars/socket.jpg",
        "avatars/" + "x" * 300,
    ],
)
def test_nothing_else_is_served(client, place, media, address):
    place(b"../secret.jpg")
    place(b"avatars/a.jpg")
    place(b"avatars/.dot.jpg")
    place(b".dots/a.jpg")
    (media / "avatars" / "outside.jpg").symlink_to("../../secret.jpg")
    (media / "avatars" / "loop.jpg").symlink_to("loop.jpg")
    os.mkfifo(media / "avatars" / "pipe.jpg")
    _make_socket(media / "avatars" / "socket.jpg")
    answer = client.get(f"/media/{address}")

    assert answer.status_code == 404, f"{address!r} must not be served"
    assert json.loads(answer.content)["error"] == "There is no such file."


def _make_socket(path):
    """Bind a socket; by a short name, as the kernel takes no more than 107 bytes."""
    directory = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{directory}/{path.name}")
    os.close(directory)


def test_a_file_that_cannot_be_read_is_a_fault_and_not_absent(client, place, monkeypatch):
    place(b"avatars/a.jpg")

    def _deny(path, *_, **__):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("uploads.serving.os.open", _deny)
    answer = client.get("/media/avatars/a.jpg")

    assert (answer.status_code, "can't be used" in answer.json()["error"]) == (503, True)


def test_head_tells_the_length(client, place):
    place(b"avatars/a.jpg")
    answer = client.head("/media/avatars/a.jpg")

    assert (answer.status_code, answer["Content-Length"]) == (200, "7")


def test_an_unchanged_file_is_not_sent_again(client, place):
    place(b"avatars/a.jpg")
    modified = client.get("/media/avatars/a.jpg")["Last-Modified"]
    answer = client.get("/media/avatars/a.jpg", HTTP_IF_MODIFIED_SINCE=modified)

    assert (answer.status_code, answer.content) == (304, b"")


def test_files_are_served_while_the_database_is_away(client, place, database):
    place(b"avatars/a.jpg")
    database.unlink()

    assert client.get("/media/avatars/a.jpg").status_code == 200
