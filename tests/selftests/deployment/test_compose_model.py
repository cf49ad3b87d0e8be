"""A deployment is what Compose makes of the owner's files."""

from pathlib import Path
from typing import Any

import pytest

from media_guarantees.deployment.compose_model import Deployment, Mount

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


def test_mounts_are_told_with_the_real_names_of_volumes(file: Path) -> None:
    assert Deployment((file,), MODEL, "web-project").mounts("web-project") == (
        Mount("volume", "media_volume", "/srv/media", read_only=False),
        Mount("volume", "connect_plain", "/srv/plain", read_only=False),
        Mount("volume", "", "/srv/anonymous", read_only=False),
        Mount("bind", "/home/owner", "/srv", read_only=True),
        Mount("tmpfs", "", "/tmp", read_only=False),
    )


def test_a_service_without_volumes_mounts_nothing(file: Path) -> None:
    assert Deployment((file,), MODEL, "web-project").mounts("db") == ()


def test_variables_are_told_as_the_container_has_them(file: Path) -> None:
    model = {"services": {"web": {"environment": {"TOKEN": "a$$b", "PORT": 80, "PASSED_ON": None}}, "db": {}}}

    assert Deployment((file,), model, "web").environment == {"TOKEN": "a$b", "PORT": "80"}
    assert Deployment((file,), model, "db").environment == {}
