"""The operator is confined on a private engine, and uses the run's names on a shared one."""

from __future__ import annotations

import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_engine import engine_here
from fake_programs import Programs

from media_guarantees.deployment.compose.compose_model import Deployment
from media_guarantees.deployment.guide_operator import engine_side, media_names, operator_of
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.private_engine import PrivateEngine
from media_guarantees.guide.reader import Guide
from media_guarantees.system.run_id import Run


@pytest.fixture(name="stack")
def _stack(programs: Programs, tmp_path: Path) -> Stack:
    return cast(
        "Stack",
        SimpleNamespace(
            folder=tmp_path / "deployment",
            environment={"PATH": programs.path},
            run=Run("0-1-2", "mine-"),
            service="web",
            media_root="/media",
            deployment=Deployment((tmp_path / "compose.yml",), MODEL, "web"),
            model=copy.deepcopy(MODEL),
        ),
    )


@pytest.fixture(name="private_engine")
def _power(programs: Programs, tmp_path: Path) -> PrivateEngine:
    private_engine = SimpleNamespace(
        init_process=lambda: 17,
        socket=tmp_path / "docker.sock",
        slot=SimpleNamespace(data_root=tmp_path / "data"),
        tools=SimpleNamespace(which=lambda name: str(programs.add(name))),
        folder=tmp_path,
    )
    return cast("PrivateEngine", private_engine)


MODEL: dict[str, Any] = {
    "name": "connect",
    "services": {
        "web": {
            "container_name": "front",
            "volumes": [
                {"type": "bind", "source": "/srv", "target": "/static"},
                {"type": "volume", "source": "media", "target": "/media/"},
                {"type": "volume", "source": "data", "target": "/data"},
            ],
        }
    },
    "volumes": {"media": {"name": "connect_media"}, "data": {"name": "data"}},
}
GUIDE: Any = Guide(Path("guide.md"), (), ())


def test_media_that_lie_in_a_volume_are_in_no_directory(
    stack: Stack, private_engine: PrivateEngine, tmp_path: Path
) -> None:
    with operator_of(stack, GUIDE, engine_here(private_engine), tmp_path) as operator:
        assert operator.media is None


def test_the_directory_that_is_mounted_in_the_sandbox_is_known_also_in_another_folder(
    stack: Stack, private_engine: PrivateEngine, tmp_path: Path
) -> None:
    (stack.folder / "data/media").mkdir(parents=True)
    stack.model["services"]["web"]["volumes"] = [
        {"type": "bind", "source": str(stack.folder / "data"), "target": "/"},
    ]

    with operator_of(stack, GUIDE, engine_here(private_engine), tmp_path) as operator:
        there = operator.in_folder(tmp_path / "there")

    assert (operator.media, there.media) == (stack.folder / "data/media", tmp_path / "there/data/media")


def test_on_a_private_engine_the_shell_is_confined(stack: Stack, private_engine: PrivateEngine, tmp_path: Path) -> None:
    with operator_of(stack, GUIDE, engine_here(private_engine), tmp_path) as operator:
        assert operator.shell_in is not None
        shell = operator.shell_in(operator.folder)

    assert (shell.folder, shell.run_folder, operator.rename) == (stack.folder, tmp_path, None)


def test_each_folder_has_one_shell(stack: Stack, private_engine: PrivateEngine, tmp_path: Path) -> None:
    with operator_of(stack, GUIDE, engine_here(private_engine), tmp_path) as operator:
        assert operator.shell_in is not None
        shells = [operator.shell_in(tmp_path / name) for name in ("one", "other", "one")]

    assert shells[0] is shells[2] is not shells[1]


def test_on_a_shared_engine_names_are_the_runs(stack: Stack, tmp_path: Path) -> None:
    with operator_of(stack, GUIDE, engine_here(), tmp_path) as operator:
        assert operator.rename is not None
        assert operator.rename("media_volume") == "mine-media_volume"
        assert operator.shell_in is None


def test_the_media_are_known_by_their_volume_their_service_and_its_container(stack: Stack) -> None:
    assert media_names(stack) == {"web", "front", "connect-web-1", "connect_web_1", "connect_media"}


def test_a_volume_that_is_mounted_above_the_media_is_theirs(stack: Stack) -> None:
    stack.media_root = "/data/site/media"

    assert "data" in media_names(stack)


def test_the_guide_is_read_for_these_media(stack: Stack, tmp_path: Path) -> None:
    with operator_of(stack, GUIDE, engine_here(), tmp_path) as operator:
        assert operator.guide.media == media_names(stack)


def test_the_shell_knows_where_the_engine_keeps_its_volumes(private_engine: PrivateEngine, tmp_path: Path) -> None:
    side = engine_side(private_engine)

    assert (side.process(), side.volumes, side.init.name) == (17, tmp_path / "data/volumes", "docker-init")
