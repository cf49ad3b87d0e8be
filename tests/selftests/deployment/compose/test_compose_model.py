"""A deployment is what Compose makes of the owner's files."""

from pathlib import Path
from typing import Any

import pytest

from media_guarantees.deployment.compose.compose_model import Deployment
from media_guarantees.deployment.compose.media_mount import Mount

MODEL: dict[str, Any] = {
    "name": "connect",
    "services": {
        "web-project": {
            "volumes": [
                {"type": "volume", "source": "media", "target": "/srv/media/", "volume": {}},
                {"type": "volume", "source": "plain", "target": "/srv/plain"},
                {"type": "volume", "target": "/srv/anonymous"},
                {"type": "bind", "source": "/home/owner", "target": "/srv", "read_only": True},
                {"type": "tmpfs", "target": "/tmp"},
            ]
        },
        "db": {"volumes": None},
    },
    "volumes": {"media": {"name": "media_volume"}, "plain": {"name": "connect_plain"}},
}


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    return tmp_path / "compose.yml"


def test_the_owner_runs_compose_in_the_folder_of_the_first_file(file: Path) -> None:
    assert Deployment((file, file.parents[1] / "x.yml"), MODEL, "db").folder == file.parent


def test_mounts_are_reported_with_the_real_names_of_volumes(file: Path) -> None:
    assert Deployment((file,), MODEL, "web-project").mounts("web-project") == (
        Mount("volume", "media_volume", "/srv/media", read_only=False),
        Mount("volume", "connect_plain", "/srv/plain", read_only=False),
        Mount("volume", "", "/srv/anonymous", read_only=False),
        Mount("bind", "/home/owner", "/srv", read_only=True),
        Mount("tmpfs", "", "/tmp", read_only=False),
    )


def test_a_service_without_volumes_mounts_nothing(file: Path) -> None:
    assert Deployment((file,), MODEL, "web-project").mounts("db") == ()


def test_variables_are_reported_as_the_container_has_them(file: Path) -> None:
    model = {"services": {"web": {"environment": {"TOKEN": "a$$b", "PORT": 80, "PASSED_ON": None}}, "db": {}}}

    assert Deployment((file,), model, "web").environment == {"TOKEN": "a$b", "PORT": "80"}
    assert Deployment((file,), model, "db").environment == {}


def service_of(mount: str | dict[str, Any], *more: dict[str, Any], **keys: Any) -> dict[str, Any]:
    mounts = [{"type": "volume", "source": "media", "target": mount} if isinstance(mount, str) else mount, *more]
    return {"volumes": mounts, **keys}


def media_mount(file: Path, **services: Any) -> Mount | None:
    model = {"services": services, "volumes": {"media": {"name": "media_volume"}}}
    return Deployment((file,), model, "web").media_mount("web", "/var/www/html/data")


AT_DATA = Mount("volume", "media_volume", "/var/www/html/data", read_only=False)


def test_media_below_a_mounted_volume_are_in_that_volume(file: Path) -> None:
    assert media_mount(file, web=service_of("/var/www/html")) == Mount(
        "volume", "media_volume", "/var/www/html", read_only=False
    )


def test_of_several_mounts_above_the_media_the_innermost_keeps_them(file: Path) -> None:
    code = {"type": "bind", "source": "/srv", "target": "/var/www"}

    assert media_mount(file, web=service_of(code, *service_of("/var/www/html/data")["volumes"])) == AT_DATA


@pytest.mark.parametrize("target", ["/var/www/html/data/avatars", "/var/www/html/dat", "/srv"])
def test_what_is_mounted_elsewhere_keeps_no_media(file: Path, target: str) -> None:
    assert media_mount(file, web=service_of(target)) is None


def test_volumes_of_another_service_are_a_services_own_by_volumes_from(file: Path) -> None:
    storage = service_of("/var/www/html/data")

    assert media_mount(file, web={"volumes_from": ["storage"]}, storage=storage) == AT_DATA


def test_volumes_from_may_go_on_through_others_and_be_read_only(file: Path) -> None:
    services = {
        "web": {"volumes_from": ["middle:ro"]},
        "middle": {"volumes_from": ["storage", "web"]},
        "storage": service_of("/var/www/html/data"),
    }

    found = media_mount(file, **services)

    assert found == Mount("volume", "media_volume", "/var/www/html/data", read_only=True)


def test_a_services_own_mount_goes_before_one_of_another(file: Path) -> None:
    own = service_of({"type": "bind", "source": "/srv", "target": "/var/www/html/data"}, volumes_from=["storage"])

    found = media_mount(file, web=own, storage=service_of("/var/www/html/data"))

    assert found is not None
    assert found.kind == "bind"


def test_a_folder_of_a_volume_is_reported_with_the_volume(file: Path) -> None:
    part = {"type": "volume", "source": "media", "target": "/var/www/html/data", "volume": {"subpath": "pictures"}}

    found = media_mount(file, web=service_of(part))

    assert found == Mount("volume", "media_volume", "/var/www/html/data", read_only=False, subpath="pictures")


def test_who_else_may_write_to_the_media_is_known_by_where_it_mounts_them(file: Path) -> None:
    def at(target: str, *, read_only: bool = False) -> dict[str, Any]:
        return service_of({"type": "volume", "source": "media", "target": target, "read_only": read_only})

    services = {
        "web": at("/srv/media"),
        "worker": at("/srv/media/"),
        "proxy": at("/usr/share/media"),
        "viewer": at("/srv/media", read_only=True),
        "other": service_of({"type": "volume", "source": "data", "target": "/srv/media"}),
    }
    deployment = Deployment((file,), {"services": services, "volumes": {"media": None, "data": None}}, "web")
    own = deployment.media_mount("web", "/srv/media")

    assert own
    assert deployment.fellow_writers(own) == ("worker",)
    assert deployment.other_writers(own) == {"proxy": "/usr/share/media"}
