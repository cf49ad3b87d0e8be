"""Shapes of compose files that well-known software comes with: their media are where they are, and none is accused."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from media_guarantees.deployment.compose.compose_model import Deployment


def volume(source: str, target: str, *, read_only: bool = False) -> dict[str, Any]:
    return {"type": "volume", "source": source, "target": target, "read_only": read_only}


class Shape(NamedTuple):
    """A compose file as Compose resolves it, and where the media of its service are to be found.

    `writers` are services of others that may write among the media, whose behaviour has to be looked at.
    """

    service: str
    media_root: str
    services: dict[str, Any]
    volumes: dict[str, Any]
    kept_in: tuple[str, str]
    writers: dict[str, str]


BACK = [volume("static", "/back/static"), volume("media", "/back/media")]
SHAPES = {
    # One list of volumes for the platform and its worker, and a gateway that could write.
    "a list shared by anchors": Shape(
        "back",
        "/back/media",
        {
            "back": {"image": "back", "volumes": BACK},
            "async": {"image": "back", "entrypoint": ["/async.sh"], "volumes": BACK},
            "gateway": {"image": "nginx", "volumes": [volume("media", "/srv/media")]},
        },
        {"static": {"name": "back_static"}, "media": {"name": "back_media"}},
        ("back_media", "/back/media"),
        {"gateway": "/srv/media"},
    ),
    # The program and its data are one volume; a web server reads it, and a timer runs beside.
    "media below the whole site": Shape(
        "app",
        "/var/www/html/data",
        {
            "app": {"image": "cloud:fpm", "volumes": [volume("site", "/var/www/html")]},
            "web": {"image": "nginx", "volumes": [volume("site", "/var/www/html", read_only=True)]},
            "cron": {"image": "cloud:fpm", "entrypoint": "/cron.sh", "volumes": [volume("site", "/var/www/html")]},
        },
        {"site": {"name": "cloud_site"}},
        ("cloud_site", "/var/www/html"),
        {},
    ),
    # The old path and the new one are the same volume, and people may manage its files in a browser.
    "one external volume at two paths": Shape(
        "center",
        "/mnt/library",
        {
            "center": {"image": "center", "volumes": [volume("media", "/data/media"), volume("media", "/mnt/library")]},
            "files": {"image": "browser", "volumes": [volume("media", "/srv")]},
        },
        {"media": {"name": "library", "external": True}},
        ("library", "/mnt/library"),
        {"files": "/srv"},
    ),
    "volumes of a container that only holds them": Shape(
        "app",
        "/srv/media",
        {
            "storage": {"image": "busybox", "volumes": [volume("media", "/srv/media")]},
            "app": {"image": "app", "volumes_from": ["storage"]},
        },
        {"media": {"name": "media"}},
        ("media", "/srv/media"),
        {},
    ),
    # Workers are the platform's own build under other tags, without a port; a web server reads.
    "workers of one build": Shape(
        "django",
        "/app/media",
        {
            "django": {"image": "django", "build": {"context": "."}, "volumes": [volume("media", "/app/media")]},
            "worker": {"image": "worker", "build": {"context": "."}, "volumes": [volume("media", "/app/media")]},
            "nginx": {"image": "nginx", "volumes": [volume("media", "/usr/share/nginx/media", read_only=True)]},
        },
        {"media": {"name": "production_media"}, "database": {"name": "production_database"}},
        ("production_media", "/app/media"),
        {},
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_media_are_found_where_they_are_kept(shape: Shape) -> None:
    model = {"name": "x", "services": shape.services, "volumes": shape.volumes}
    deployment = Deployment((Path("compose.yml"),), model, shape.service)

    own = deployment.media_mount(shape.service, shape.media_root)

    assert own is not None
    assert (own.source, own.target, own.read_only) == (*shape.kept_in, False)
    assert deployment.other_writers(own) == shape.writers
