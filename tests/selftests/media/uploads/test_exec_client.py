"""Without an API for uploads, media are written into the container and requested as from any other platform."""

from collections.abc import Iterator

import pytest
from fake_server import FakeServer, serving
from fake_stack import sample

from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.media.uploads.exec_client import ExecPlatform, UnpublishedPlatform
from media_guarantees.media.uploads.platform_protocol import Served, Upload
from media_guarantees.media.uploads.upload_api import UploadApi
from media_guarantees.media.uploads.upload_client import HttpPlatform
from media_guarantees.system.commands import Outcome

TOKEN = "the-secret-token"
PICTURE = sample("ação.png", b"bytes of a picture")


@pytest.fixture(name="server")
def _server() -> Iterator[FakeServer]:
    with serving(FakeServer()) as server:
        yield server


def unpublished() -> str:
    raise LookupError("web-project publishes no port now")


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


def test_without_an_api_pictures_are_served_as_by_any_platform(server: FakeServer) -> None:
    server.answer(200, b"picture", Content_Type="image/png")

    platform = ExecPlatform(lambda: server.address, TOKEN, Disk().write)

    assert platform.fetch("/media/x") == Served(200, b"picture", "image/png")


def test_only_a_platform_with_an_api_chooses_where_a_picture_lands() -> None:
    assert (HttpPlatform.has_upload_api, ExecPlatform.has_upload_api) == (True, False)


def test_where_files_are_written_their_url_is_below_the_media_url() -> None:
    platform = ExecPlatform(unpublished, TOKEN, Disk().write, api=UploadApi(media_url="/prefix/files/"))

    assert platform.upload(sample("a b.png")).url == "/prefix/files/avatars/a%20b.png"


def test_what_is_not_served_can_not_be_requested() -> None:
    platform = UnpublishedPlatform(unpublished, TOKEN, Disk().write, lambda: True, unserved="web publishes no port")

    assert not platform.serves
    with pytest.raises(Unproven, match=r"web publishes no port: /media/x can't be asked for"):
        platform.fetch("/media/x")


def test_a_platform_without_a_port_is_asked_where_another_serves_its_media(server: FakeServer) -> None:
    platform = UnpublishedPlatform(
        unpublished, TOKEN, Disk().write, lambda: True, unserved="", media_address=lambda: server.address
    )

    assert platform.serves
    assert platform.fetch("/media/x").content == server.body
