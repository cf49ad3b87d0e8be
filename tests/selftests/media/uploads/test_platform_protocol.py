"""A served picture is the uploaded one only if status, bytes and type are the same."""

import pytest
from fake_stack import sample

from media_guarantees.media.uploads.platform_protocol import Served

PICTURE = sample("x.png", b"bytes of a picture")


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
