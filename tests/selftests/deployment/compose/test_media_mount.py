"""Media are where the mount that covers their root puts them, for a compose file and for an engine alike."""

from typing import Any

import pytest

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.compose.media_mount import (
    Mount,
    covering_mount,
    mounts_of,
    require_mount,
    require_volume,
)

ROOT = "/var/www/html/data"


def volume(target: str, subpath: str = "") -> Mount:
    return Mount("volume", "media_volume", target, read_only=False, subpath=subpath)


@pytest.mark.parametrize(
    ("target", "subpath", "folder"),
    [
        (ROOT, "", ""),
        ("/var/www/html", "", "data"),
        ("/var/www", "", "html/data"),
        ("/", "", "var/www/html/data"),
        (ROOT, "pictures", "pictures"),
        ("/var/www/html", "site", "site/data"),
        (ROOT, ".hidden", ".hidden"),
    ],
)
def test_the_media_are_in_a_folder_of_what_covers_them(target: str, subpath: str, folder: str) -> None:
    mount = volume(target, subpath)

    assert covering_mount([mount], ROOT) is mount
    assert mount.folder_of(ROOT) == folder


@pytest.mark.parametrize("target", ["/var/www/html/data/avatars", "/var/www/html/dat", "/srv"])
def test_what_is_not_above_the_media_does_not_cover_them(target: str) -> None:
    assert covering_mount([volume(target)], ROOT) is None


def test_the_innermost_mount_covers_the_media() -> None:
    assert covering_mount([volume(ROOT), volume("/var/www/html"), volume("/")], ROOT) == volume(ROOT)


def test_nothing_above_the_media_is_a_broken_promise_that_names_what_there_is() -> None:
    with pytest.raises(PromiseBroken, match="nothing is mounted at /var/www/html/data in web, or above it") as broken:
        require_mount([volume("/srv")], ROOT, "web")

    assert "it mounts media_volume at /srv" in broken.value.seen
    assert broken.value.next_step.endswith("NAME:/var/www/html/data")


@pytest.mark.parametrize("kind", ["bind", "tmpfs"])
def test_what_is_no_volume_is_a_broken_promise(kind: str) -> None:
    mount = Mount(kind, "/srv", ROOT, read_only=False)

    with pytest.raises(PromiseBroken, match=f"{ROOT} in web is backed by a {kind}, not by a named volume") as broken:
        require_volume(mount, ROOT, "web")

    assert "media_volume" not in broken.value.next_step, "a deployment's volume is called as its owner likes"
    assert broken.value.next_step.endswith(f"NAME:{ROOT}")


def test_a_volume_is_named_by_its_name() -> None:
    assert require_volume(volume(ROOT), ROOT, "web") == "media_volume"


def test_an_engine_reports_a_folder_of_a_volume_apart_from_its_mounts() -> None:
    inspected: dict[str, Any] = {
        "Mounts": [
            {
                "Type": "volume",
                "Name": "media_volume",
                "Source": "/var/lib/x",
                "Destination": "/srv/media/",
                "RW": True,
            },
            {"Type": "bind", "Source": "/srv", "Destination": "/code", "RW": False},
        ],
        "HostConfig": {
            "Mounts": [{"Type": "volume", "Target": "/srv/media", "VolumeOptions": {"Subpath": "pictures"}}],
        },
    }

    assert mounts_of(inspected) == (
        Mount("volume", "media_volume", "/srv/media", read_only=False, subpath="pictures"),
        Mount("bind", "/srv", "/code", read_only=True),
    )


def test_a_container_that_asked_for_no_folder_mounts_whole_volumes() -> None:
    mount = {"Type": "volume", "Name": "v", "Destination": "/v", "RW": True}

    assert mounts_of({"Mounts": [mount], "HostConfig": {"Mounts": None}}) == (
        Mount("volume", "v", "/v", read_only=False),
    )
