"""What is served under /media/, and what never is."""

import json
import os
import socket

import pytest

from pictures import picture, upload


@pytest.fixture(name="fetch")
def _fetch(client):
    """Gets what is below /media/; returns status, headers and content."""

    def _get(address, **headers):
        answer = client.get(f"/media/{address}", **headers)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer.status_code, answer.headers, content

    return _get


@pytest.fixture(name="place")
def _place(media):
    """Puts a file into the media root behind the platform's back, as a restore does."""

    def _write(name, content=b"content"):
        path = os.path.join(os.fsencode(media), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    return _write


def test_an_upload_is_served_as_it_came(member, fetch):
    url = upload(member, picture(), "ação 🎉.jpg").json()["url"]
    status, headers, content = fetch(url.removeprefix("/media/"))

    assert (status, headers["Content-Type"], content) == (200, "image/jpeg", picture())


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
def test_the_type_comes_from_the_name(fetch, place, name, content_type):
    place(f"avatars/{name}".encode())

    assert fetch(f"avatars/{name}")[1]["Content-Type"] == content_type


def test_browsers_are_told_not_to_guess_the_type(fetch, place):
    place(b"avatars/a.jpg")

    assert fetch("avatars/a.jpg")[1]["X-Content-Type-Options"] == "nosniff"


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
def test_files_with_any_name_are_served(fetch, place, name, address):
    place(name)
    status, _, content = fetch(address)

    assert (status, content) == (200, b"content")


def test_a_link_inside_the_media_root_is_followed(fetch, place, media):
    place(b"avatars/a.jpg")
    (media / "avatars" / "b.jpg").symlink_to("a.jpg")

    assert fetch("avatars/b.jpg")[2] == b"content"


def test_an_empty_file_is_served_empty(fetch, place):
    place(b"avatars/empty.jpg", b"")
    status, _, content = fetch("avatars/empty.jpg")

    assert (status, content) == (200, b"")


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
def test_nothing_else_is_served(fetch, place, media, address):
    place(b"../secret.jpg")
    place(b"avatars/a.jpg")
    place(b"avatars/.dot.jpg")
    place(b".dots/a.jpg")
    (media / "avatars" / "outside.jpg").symlink_to("../../secret.jpg")
    (media / "avatars" / "loop.jpg").symlink_to("loop.jpg")
    os.mkfifo(media / "avatars" / "pipe.jpg")
    _make_socket(media / "avatars" / "socket.jpg")
    status, _, content = fetch(address)

    assert status == 404, f"{address!r} must not be served"
    assert json.loads(content)["error"] == "There is no such file."


def _make_socket(path):
    """Bind a socket; by a short name, as the kernel takes no more than 107 bytes."""
    directory = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{directory}/{path.name}")
    os.close(directory)


def test_a_file_that_cannot_be_read_is_a_fault_and_not_absent(fetch, place, monkeypatch):
    place(b"avatars/a.jpg")

    def _deny(path, *_, **__):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("uploads.serving.os.open", _deny)
    status, _, content = fetch("avatars/a.jpg")

    assert (status, b"can't be used" in content) == (503, True)


def test_head_tells_the_length(client, place):
    place(b"avatars/a.jpg")
    answer = client.head("/media/avatars/a.jpg")
    answer.close()

    assert (answer.status_code, answer["Content-Length"]) == (200, "7")


def test_an_unchanged_file_is_not_sent_again(fetch, place):
    place(b"avatars/a.jpg")
    modified = fetch("avatars/a.jpg")[1]["Last-Modified"]
    status, _, content = fetch("avatars/a.jpg", HTTP_IF_MODIFIED_SINCE=modified)

    assert (status, content) == (304, b"")


def test_files_are_served_while_the_database_is_away(fetch, place, database):
    place(b"avatars/a.jpg")
    database.unlink()

    assert fetch("avatars/a.jpg")[0] == 200
