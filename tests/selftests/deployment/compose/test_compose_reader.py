"""Compose reads the deployment, without the means to do harm; its refusals are shown in its own words."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from fake_programs import Programs

from media_guarantees.core.errors import BadInput
from media_guarantees.deployment.compose.compose_model import Deployment
from media_guarantees.deployment.compose.compose_reader import read_deployment

MODEL: dict[str, Any] = {"name": "connect", "services": {"web-project": {"image": "x"}, "db": {"image": "y"}}}


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

    assert programs.calls("docker-compose") == [f"--file {file} --file {override} --profile * config --format json"]


def test_compose_stands_in_the_first_files_folder_with_the_environment_given(programs: Programs, file: Path) -> None:
    programs.add("docker-compose", 'printf \'{"name": "%s %s", "services": {"web-project": {}}}\' "$PWD" "$TOKEN"')

    assert read(file, file.parents[1] / "x.yml", TOKEN="t").project == f"{file.parent} t"


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


def test_a_service_in_a_profile_is_refused_with_how_to_activate_it(programs: Programs, file: Path) -> None:
    hidden = {"services": {"web": {"profiles": ["live"]}}}
    programs.add("docker-compose", f'case "$*" in *--profile*) {printing(hidden)}\n;; *) {printing(MODEL)}\n;; esac')

    with pytest.raises(BadInput, match="has no service 'web' outside of a profile") as refused:
        read(file, service="web")

    assert refused.value.hint == "activate the profile as you do yourself: COMPOSE_PROFILES=live"


def test_services_of_a_profile_that_is_not_active_are_known_and_not_part_of_the_deployment(
    programs: Programs, file: Path
) -> None:
    whole = {**MODEL, "services": {**MODEL["services"], "backup": {"image": "alpine", "profiles": ["tools"]}}}
    programs.add("docker-compose", f'case "$*" in *--profile*) {printing(whole)}\n;; *) {printing(MODEL)}\n;; esac')

    deployment = read(file)

    assert (deployment.model, deployment.with_profiles) == (MODEL, whole)


def test_a_compose_that_can_not_show_all_profiles_shows_the_active_ones(programs: Programs, file: Path) -> None:
    programs.add("docker-compose", f'case "$*" in *--profile*) exit 1;; *) {printing(MODEL)}\n;; esac')

    deployment = read(file)

    assert (deployment.model, deployment.with_profiles) == (MODEL, None)


def test_a_variable_that_is_missing_is_reported_with_where_to_set_it(programs: Programs, file: Path) -> None:
    programs.add("docker-compose", "echo 'required variable TOKEN is missing a value: set it' >&2; exit 1")

    with pytest.raises(BadInput, match="there is nothing to test") as refused:
        read(file)

    assert refused.value.hint.endswith("in the file .env beside the compose file: TOKEN=…")


def reading(file: Path, programs: Programs, *names: str, **environment: str) -> dict[str, str]:
    """Return what Compose saw of these variables while it read `file`."""
    said = " ".join(f'"{name}": "${{{name}-unset}}",' for name in names)
    programs.add(
        "docker-compose",
        f"""cat << END
{{"name": "x", "seen": {{{said} "": ""}}, "services": {{"web-project": {{}}}}}}
END""",
    )
    seen: dict[str, str] = read(file, **environment).model["seen"]
    return {name: seen[name] for name in names}


def test_what_the_owner_wrote_down_goes_before_what_a_shell_happens_to_export(programs: Programs, file: Path) -> None:
    file.with_name(".env").write_text("HOSTNAME=example.org\n  export PORT = 80\nCOMPOSE_PROFILES=live\n")

    seen = reading(
        *(file, programs, "HOSTNAME", "PORT", "ASKED_FOR", "COMPOSE_PROFILES"),
        HOSTNAME="laptop",
        PORT="3000",
        ASKED_FOR="yes",
        COMPOSE_PROFILES="all",
    )

    assert seen == {"HOSTNAME": "unset", "PORT": "unset", "ASKED_FOR": "yes", "COMPOSE_PROFILES": "all"}


def test_while_a_deployment_is_read_there_is_no_engine_and_no_configuration(
    programs: Programs, file: Path, tmp_path: Path
) -> None:
    theirs = {
        "DOCKER_CONFIG": str(tmp_path),
        "DOCKER_HOST": "ssh://example.invalid",
        "DOCKER_CONTEXT": "production",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://example.invalid",
    }

    seen = reading(file, programs, *theirs, **theirs)

    assert not Path(seen["DOCKER_CONFIG"]).exists(), "it is gone, with whatever was put there"
    assert seen["DOCKER_HOST"] == f"unix://{seen['DOCKER_CONFIG']}/none.sock"
    assert seen["DOCKER_CONTEXT"] == seen["OTEL_EXPORTER_OTLP_ENDPOINT"] == "unset"


def test_compose_may_fetch_nothing_from_elsewhere_whatever_the_owner_allows(programs: Programs, file: Path) -> None:
    names = ("COMPOSE_EXPERIMENTAL_GIT_REMOTE", "COMPOSE_EXPERIMENTAL_OCI_REMOTE")

    assert set(reading(file, programs, *names, **dict.fromkeys(names, "true")).values()) == {"false"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a network")
def test_while_a_deployment_is_read_there_is_no_network(programs: Programs, file: Path) -> None:
    programs.add("docker-compose", f"""cat /proc/net/dev > {file}.seen; {printing(MODEL)}""")

    read(file)

    devices = [line.partition(":")[0].strip() for line in Path(f"{file}.seen").read_text().splitlines()[2:]]
    assert set(devices) <= {"lo", "tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0"}


@pytest.mark.parametrize(
    "complaint",
    [
        'git remote resource is disabled by "COMPOSE_EXPERIMENTAL_GIT_REMOTE"',
        'experimental OCI remote resource is disabled. "COMPOSE_EXPERIMENTAL_OCI_REMOTE" must be set',
    ],
)
def test_a_part_of_a_deployment_on_another_machine_is_refused_with_what_to_do(
    programs: Programs, file: Path, complaint: str
) -> None:
    programs.add("docker-compose", f"echo '{complaint}' >&2; exit 1")

    with pytest.raises(BadInput, match="takes a part of the deployment from another machine") as refused:
        read(file)

    assert refused.value.hint == "fetch that file once, put it beside the compose file, and name it there"
