"""The folder of a sandbox's operator: private, with the compose file under its owner's names, and the scripts."""

import json
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from media_guarantees.deployment.compose.compose_model import Deployment, Model
from media_guarantees.deployment.sandbox.project_folder import make_project_folder, write_model, write_project_folder

MODEL: Model = {"name": "connect", "services": {"web": {"environment": {"TOKEN": "festa \N{PARTY POPPER} $$x"}}}}


@pytest.fixture(name="deployment")
def _deployment(tmp_path: Path) -> Deployment:
    folder = tmp_path / "owner"
    folder.mkdir()
    return Deployment((folder / "compose.yml",), MODEL, "web")


@pytest.fixture(name="umask", params=[0o000, 0o077], ids=["open", "closed"])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_a_written_model_is_for_its_owners_eyes_alone(tmp_path: Path) -> None:
    assert stat.S_IMODE(write_model(MODEL, tmp_path).stat().st_mode) == 0o600


def test_a_written_model_is_found_by_a_plain_docker_compose_and_reads_the_same(tmp_path: Path) -> None:
    write_model(MODEL, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["docker-compose.yml"]
    assert json.loads((tmp_path / "docker-compose.yml").read_text(encoding="utf-8")) == MODEL


def test_a_written_model_has_no_escapes_that_yaml_does_not_know(tmp_path: Path) -> None:
    written = write_model(MODEL, tmp_path).read_text(encoding="utf-8")

    assert "\N{PARTY POPPER}" in written, "Compose refuses an emoji that JSON has split into two escapes"


def test_names_that_compose_makes_of_the_projects_are_left_to_it(tmp_path: Path) -> None:
    model: Model = {
        "name": "connect",
        "services": {},
        "volumes": {
            "media": {"name": "connect_media", "labels": {"run": "1"}},
            "named": {"name": "media_volume"},
            "theirs": {"name": "connect_theirs", "external": True},
        },
        "networks": {"default": {"name": "connect_default"}, "front": None},
    }

    written = json.loads(write_model(model, tmp_path).read_text())

    assert written["volumes"] == {
        "media": {"labels": {"run": "1"}},
        "named": {"name": "media_volume"},
        "theirs": {"name": "connect_theirs", "external": True},
    }
    assert written["networks"] == {"default": {}, "front": None}
    assert model["volumes"]["media"]["name"] == "connect_media", "what the run knows is the whole name"


def test_a_model_may_be_written_again(tmp_path: Path) -> None:
    write_model({"name": "first"}, tmp_path)

    assert json.loads(write_model({"name": "second"}, tmp_path).read_text()) == {"name": "second"}


@pytest.mark.usefixtures("umask")
def test_the_deployments_folder_is_private(deployment: Deployment, tmp_path: Path) -> None:
    folder = tmp_path / "run" / "deployment"
    write_project_folder(deployment, MODEL, make_project_folder(folder))

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_scripts_come_along_executable_and_nothing_else_does(deployment: Deployment, tmp_path: Path) -> None:
    script = deployment.folder / "migrate_media.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    (deployment.folder / ".env").write_text("SECRET=x")
    (deployment.folder / "scripts").mkdir()
    shutil.copy2(script, deployment.folder / "scripts" / "backup.sh")

    write_project_folder(deployment, MODEL, make_project_folder(tmp_path / "deployment"))

    copied = {str(path.relative_to(tmp_path / "deployment")): path for path in (tmp_path / "deployment").rglob("*.*")}
    assert set(copied) == {"migrate_media.sh", "scripts/backup.sh", "docker-compose.yml"}
    assert copied["migrate_media.sh"].stat().st_mode & copied["scripts/backup.sh"].stat().st_mode & 0o111 == 0o111


def test_a_guide_may_call_the_compose_files_by_their_names(deployment: Deployment, tmp_path: Path) -> None:
    folder = tmp_path / "deployment"
    both = replace(deployment, files=(deployment.folder / "base.yml", deployment.folder / "prod.yml"))

    write_project_folder(both, MODEL, make_project_folder(folder))

    assert [json.loads((folder / name).read_text()) for name in ("base.yml", "prod.yml")] == [
        MODEL,
        {"services": {}},
    ]
    write_model({"name": "changed"}, folder)
    assert json.loads((folder / "base.yml").read_text()) == {"name": "changed"}


def test_a_folder_that_is_there_already_is_not_taken_over(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match=str(tmp_path)):
        make_project_folder(tmp_path)


def test_a_script_that_is_mounted_is_there_already_and_stays(deployment: Deployment, tmp_path: Path) -> None:
    (deployment.folder / "backup.sh").write_text("theirs")
    mounted = tmp_path / "backup.sh"
    mounted.write_text("as it is mounted")

    write_project_folder(deployment, MODEL, tmp_path)

    assert mounted.read_text() == "as it is mounted"
