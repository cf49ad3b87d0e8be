"""A link is one that leads out of the media by where it points, not by how that is written."""

import pytest

from media_guarantees.events.home.links_out import leads_out

ROOTS = {"/srv/media", "/data/media"}


@pytest.mark.parametrize(
    ("path", "target", "out"),
    [
        (b"now.jpg", b"avatars/1.jpg", False),
        (b"avatars/now.jpg", b"../banners/1.jpg", False),
        (b"avatars/now.jpg", b"../../1.jpg", True),
        (b"now.jpg", b"..", True),
        (b"now.jpg", b"..hidden/1.jpg", False),
        (b"now.jpg", b"/srv/media/avatars/1.jpg", False),
        (b"now.jpg", b"/data/media", False),
        (b"now.jpg", b"/srv/media/../secret", True),
        (b"now.jpg", b"/srv/media-old/1.jpg", True),
        (b"now.jpg", b"/etc/passwd", True),
    ],
)
def test_a_link_leads_out_where_it_points_outside(path: bytes, target: bytes, *, out: bool) -> None:
    assert leads_out(path, target, ROOTS) is out
