"""What a second host gets and what it must not have; the guarantees test a restore on it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_engine import engine_here
from fake_programs import Programs

from media_guarantees.core.errors import BadInput
from media_guarantees.deployment import second_host
from media_guarantees.deployment.compose.compose_model import Deployment
from media_guarantees.deployment.compose_project import ComposeProject
from media_guarantees.deployment.second_host import another_host, another_version, carry_other_data
from media_guarantees.deployment.stack import Stack, Uploads
from media_guarantees.engine.connection import Engine
from media_guarantees.engine.toolchain import EngineTools
from media_guarantees.system.run_id import Run

MODEL: dict[str, Any] = {
    "name": "connect",
    "services": {
        "web-project": {"build": {"dockerfile": "Dockerfile"}},
        "front": {"image": "nginx"},
        "cache": {"image": "redis"},
    },
    "volumes": {"media": {"name": "media_volume"}},
}
# An engine that has every image but nginx; the archive of an image is a file.
DOCKER = """
case "$*" in
    "image inspect nginx") exit 1;;
    *"--format {{json .Config}}"*) echo {};;
    "save --output "*) : > "$3";;
esac
"""


@pytest.fixture(name="engines_that_run")
def _engines_that_run(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The versions of engine that can be had and that run here; others are refused."""
    versions = {"20.10", "26.1", "28.5"}

    def engine_tools(_cache: Path, wanted: str) -> EngineTools:
        if wanted not in versions:
            raise BadInput(f"engine {wanted} does not run here", "run elsewhere")
        return EngineTools({}, wanted)

    monkeypatch.setattr(second_host, "engine_tools", engine_tools)
    return versions


@pytest.mark.usefixtures("engines_that_run")
@pytest.mark.parametrize(
    ("version", "another"), [("20.10.24", "28.5"), ("26.1.5", "28.5"), ("28.5.2", "20.10"), ("28.50.0", "28.5")]
)
def test_the_other_version_is_the_newest_or_for_the_newest_the_oldest(
    tmp_path: Path, version: str, another: str
) -> None:
    assert another_version(tmp_path, version) == another


@pytest.mark.parametrize(("version", "another"), [("20.10.24", "26.1"), ("28.5.2", "26.1")])
def test_where_the_furthest_version_does_not_run_another_one_is_taken(
    engines_that_run: set[str], tmp_path: Path, version: str, another: str
) -> None:
    engines_that_run &= {"26.1"}

    assert another_version(tmp_path, version) == another


def test_where_no_other_version_runs_the_last_one_tried_is_named(engines_that_run: set[str], tmp_path: Path) -> None:
    engines_that_run.clear()

    with pytest.raises(BadInput, match=r"engine 26\.1 does not run here"):
        another_version(tmp_path, "20.10.24")


@pytest.fixture(name="programs")
def _programs(programs: Programs) -> Programs:
    programs.add("docker", DOCKER)
    return programs


@pytest.fixture(name="chosen")
def _chosen(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a private engine be the stand-ins on the PATH; the versions asked for are written down."""
    chosen: list[str] = []

    @contextmanager
    def private(_: Path, version: str) -> Iterator[Engine]:
        chosen.append(version)
        environment = {**os.environ, "PATH": programs.path, "DOCKER_HOST": "unix:///there.sock"}
        yield Engine("private", environment, ("docker-compose",), "26.1.5", "2.40.3")

    monkeypatch.setattr(second_host, "private", private)
    monkeypatch.setattr(second_host, "provide", lambda *_: None)
    return chosen


@pytest.fixture(name="home")
def _home(tmp_path: Path, programs: Programs) -> Stack:
    """A stack on a shared engine, where every name carries the run's."""
    deployment = Deployment((tmp_path / "compose.yml",), MODEL, "web-project")
    engine = engine_here(PATH=programs.path, DOCKER_HOST="unix:///here.sock")
    project = ComposeProject(engine, {**MODEL, "name": "mine-connect"}, tmp_path, Run("0123abcd-1-2", "mine-"))
    return Stack(deployment, project, Uploads("/srv/media/", "t"))


@pytest.fixture(name="host")
def _host(home: Stack, chosen: list[str], tmp_path: Path) -> Iterator[Stack]:
    with another_host(home, tmp_path / "there", tmp_path, "26.1") as (host, _):
        assert chosen == ["26.1"]
        yield host


def test_the_other_host_knows_only_real_names(host: Stack) -> None:
    written = json.loads((host.folder / "docker-compose.yml").read_text())

    assert (host.project.name, written["volumes"]["media"]["name"]) == ("connect", "media_volume")


def test_what_is_made_there_carries_the_label_of_the_run(host: Stack, home: Stack) -> None:
    assert host.run.labels == home.run.labels


def test_the_other_host_is_reached_by_its_own_address(host: Stack) -> None:
    assert host.environment["DOCKER_HOST"] == "unix:///there.sock"


def test_only_images_that_are_neither_built_nor_there_are_carried(host: Stack, programs: Programs) -> None:
    archive = host.folder / "image.tar"

    moved = [call for call in programs.calls("docker") if call.split()[0] in {"save", "load"}]

    assert moved == [f"save --output {archive} nginx", f"load --input {archive}"]
    assert not archive.exists(), "it would stay in the operator's folder"


def test_the_deployment_is_built_there(host: Stack, programs: Programs) -> None:
    assert host.folder.is_dir()
    assert programs.calls("docker-compose") == ["build --quiet"]


@pytest.mark.usefixtures("chosen")
def test_a_deployment_that_can_not_be_built_there_is_reported(home: Stack, programs: Programs, tmp_path: Path) -> None:
    programs.add("docker-compose", "echo no such base >&2; exit 17")

    with pytest.raises(BadInput, match="the build failed: no such base"):
        with another_host(home, tmp_path / "there", tmp_path, ""):
            pytest.fail("a host without the platform's image is none")


class Volumes:
    """The volumes of an engine, each with one content; containers that mount one hand it out and take it in."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.left: list[str] = []

    def create(self, _image: str, _command: list[str], *, volumes: dict[str, Any], **_: object) -> SimpleNamespace:
        """Make a container that mounts one of them."""
        (name,) = volumes
        self.left.append(name)

        def put(place: str, content: Iterator[bytes]) -> None:
            assert place == "/carried"
            self.contents[name] = b"".join(content)

        return SimpleNamespace(
            get_archive=lambda _: (iter([self.contents[name]]), {}),
            put_archive=put,
            remove=lambda **_: self.left.remove(name),
        )


def site(folder: Path, programs: Programs, volumes: Volumes, prefix: str = "") -> Stack:
    """Make a stack that keeps a database, a spool and its media, with the directory `folder` beside."""
    (folder / "state").mkdir(parents=True)
    mounts = [
        {"type": "volume", "source": "media", "target": "/srv/media"},
        {"type": "volume", "source": "database", "target": "/var/lib/db"},
        {"type": "bind", "source": str(folder / "state"), "target": "/state"},
        {"type": "bind", "source": str(folder / "settings.ini"), "target": "/settings.ini", "read_only": True},
    ]
    model: dict[str, Any] = {
        "name": "connect",
        "services": {"web-project": {"image": "web", "volumes": mounts}},
        "volumes": {
            "media": {"name": f"{prefix}media_volume"},
            "database": {"name": f"{prefix}connect_database"},
            "unused": {"name": f"{prefix}connect_unused"},
        },
    }
    deployment = Deployment((folder / "compose.yml",), model, "web-project")
    project = ComposeProject(engine_here(PATH=programs.path), model, folder, Run("0123abcd-1-2", prefix))
    cast("Any", project).client = SimpleNamespace(containers=volumes)
    return Stack(deployment, project, Uploads("/srv/media", "t"))


def test_a_directory_that_keeps_the_media_is_left_to_the_guides_commands(programs: Programs, tmp_path: Path) -> None:
    programs.add("docker-compose", "")
    kept = Volumes()
    kept.contents = {"media_volume": b"other data", "connect_database": b"rows"}
    here = site(tmp_path / "here", programs, kept)
    there = site(tmp_path / "there", programs, Volumes())
    (tmp_path / "here/state/a.jpg").touch()

    brought = carry_other_data(here, there, str(tmp_path / "here/state"))

    assert brought == ("media", "database")
    assert list((tmp_path / "there/state").iterdir()) == []


def test_what_is_kept_beside_the_media_is_brought_to_the_other_host(programs: Programs, tmp_path: Path) -> None:
    programs.add("docker-compose", "")
    theirs, ours = Volumes(), Volumes()
    theirs.contents = {"mine-media_volume": b"pictures", "mine-connect_database": b"rows"}
    here = site(tmp_path / "here", programs, theirs, "mine-")
    there = site(tmp_path / "there", programs, ours)
    (tmp_path / "here/state/number").write_text("7")
    (tmp_path / "there/state/stale").touch()

    brought = carry_other_data(here, there, "mine-media_volume")

    assert brought == ("database", "web-project:/state")
    assert ours.contents == {"connect_database": b"rows"}, "the media are brought by the guide's own commands"
    assert [path.name for path in (tmp_path / "there/state").iterdir()] == ["number"]
    assert theirs.left == ours.left == [], "the containers that hand it over are removed"
    assert programs.calls("docker-compose") == ["create", "down"], "Compose makes the volumes, with its own labels"
    assert "volume rm media_volume" in programs.calls("docker"), "the guide's restore finds no volume of the media"
    assert "volume rm mine-connect_database" in programs.calls("docker"), "it is kept in one place"
