"""A deployment is what Compose makes of the owner's files, and a refusal is in Compose's own words."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from fake_programs import Programs

from media_guarantees.core.errors import BadInput
from media_guarantees.deployment.compose_model import Deployment, Mount, read_deployment

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


@pytest.fixture(name="programs")
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    return Programs(tmp_path, monkeypatch)


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    file = tmp_path / "owner" / "compose.yml"
    file.parent.mkdir()
    return file


def read(*files: Path, service: str = "web-project", **environment: str) -> Deployment:
    return read_deployment(files, service, compose=["docker-compose"], environment={**os.environ, **environment})


def printing(model: dict[str, Any]) -> str:
    return f"cat << 'END'\n{json.dumps(model)}\nEND"


def test_the_model_is_what_compose_prints(programs: Programs, file: Path) -> None:
    programs.add("docker-compose", printing(MODEL))

    deployment = read(file)

    assert (deployment.model, deployment.project, deployment.service) == (MODEL, "connect", "web-project")


def test_compose_is_given_every_file_in_its_order(programs: Programs, file: Path) -> None:
    programs.add("docker-compose", printing(MODEL))
    override = file.with_name("override.yml")

    read(file, override)

    assert programs.calls("docker-compose") == [f"--file {file} --file {override} config --format json"]


def test_compose_stands_in_the_first_files_folder_with_the_environment_given(programs: Programs, file: Path) -> None:
    programs.add("docker-compose", 'printf \'{"name": "%s %s", "services": {"web-project": {}}}\' "$PWD" "$TOKEN"')

    assert read(file, file.parents[1] / "x.yml", TOKEN="t").project == f"{file.parent} t"


def test_the_owner_runs_compose_in_the_folder_of_the_first_file(file: Path) -> None:
    assert Deployment((file, file.parents[1] / "x.yml"), MODEL, "db").folder == file.parent


def test_files_that_compose_refuses_are_refused_in_its_words(programs: Programs, file: Path) -> None:
    programs.add("docker-compose", 'echo "services.web-project.image must be a string" >&2; exit 15')

    with pytest.raises(BadInput) as refused:
        read(file)

    assert refused.value.problem == f"Compose can't read {file}: services.web-project.image must be a string"
    assert refused.value.hint == f"try: docker-compose -f {file} config"


@pytest.mark.parametrize(("model", "known"), [(MODEL, "db, web-project"), ({"name": "connect"}, "none at all")])
def test_a_service_that_the_files_lack_is_refused_with_those_that_they_have(
    programs: Programs, file: Path, model: dict[str, Any], known: str
) -> None:
    programs.add("docker-compose", printing(model))

    with pytest.raises(BadInput) as refused:
        read(file, service="web")

    assert refused.value.problem == f"{file} has no service 'web'"
    assert refused.value.hint == f"give SERVICE=…; the file's services: {known}"


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


def test_a_service_in_a_profile_is_refused_with_how_to_activate_it(programs: Programs, file: Path) -> None:
    hidden = {"services": {"web": {"profiles": ["live"]}}}
    programs.add("docker-compose", f'case "$*" in *--profile*) {printing(hidden)}\n;; *) {printing(MODEL)}\n;; esac')

    with pytest.raises(BadInput, match="has no service 'web' outside of a profile") as refused:
        read(file, service="web")

    assert refused.value.hint == "activate the profile as you do yourself: COMPOSE_PROFILES=live"


def test_a_variable_that_is_missing_is_told_with_where_to_set_it(programs: Programs, file: Path) -> None:
    programs.add("docker-compose", "echo 'required variable TOKEN is missing a value: set it' >&2; exit 1")

    with pytest.raises(BadInput, match="there is nothing to test") as refused:
        read(file)

    assert refused.value.hint.endswith("in the file .env beside the compose file: TOKEN=…")
