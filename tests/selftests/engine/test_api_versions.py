"""A client that an engine refuses for its age is named, with what to install."""

import os

import pytest
from fake_programs import Programs

from media_guarantees.core.errors import BadInput
from media_guarantees.engine.api_versions import check_compose
from media_guarantees.engine.connection import describe, server_version

REFUSAL = (
    "Error response from daemon: client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade "
    "your client to a newer version"
)


def refused_by(oldest: str) -> str:
    """Return the script of a Compose that an engine refuses, and that says so like Docker's clients."""
    return f"echo '{REFUSAL.replace('1.44', oldest)}' >&2; exit 1"


def test_a_docker_client_that_is_too_old_is_told_the_versions_and_what_to_install(programs: Programs) -> None:
    programs.add("docker", refused_by("1.44"))

    with pytest.raises(BadInput) as refused:
        server_version(os.environ)

    assert refused.value.problem == (
        "the `docker` client on PATH is too old for this engine: it speaks version 1.41 of its API, and the engine "
        "knows nothing older than 1.44"
    )
    assert refused.value.hint.startswith("install a newer one, of Docker 25 or later")
    assert "no Docker engine answers" not in str(refused.value), "the engine did answer"


def test_a_compose_that_is_too_old_is_named_before_anything_is_started(programs: Programs) -> None:
    programs.add("docker", "echo 29.1.2 1.44")
    compose = programs.add("docker-compose", refused_by("1.44"))

    with pytest.raises(BadInput) as refused:
        describe("shared", os.environ, str(compose))

    assert refused.value.problem.startswith(f"the Docker Compose at {compose} is too old for this engine: it speaks")
    assert "install a newer one, 2.40 for example" in refused.value.hint


def test_a_compose_that_the_engine_does_not_refuse_is_used(programs: Programs) -> None:
    programs.add("docker", "echo 29.1.2 1.44")
    compose = programs.add("docker-compose", '[ "$1" != version ] || echo 2.40.3')

    described = describe("shared", os.environ, str(compose))

    assert (described.version, described.compose_version) == ("29.1.2", "2.40.3")


def test_what_else_goes_wrong_with_compose_is_left_to_who_needs_it(programs: Programs) -> None:
    compose = programs.add("docker-compose", "echo 'unknown command: ls' >&2; exit 1")

    check_compose(str(compose), "1.44", os.environ)


@pytest.mark.parametrize("oldest", ["1.12", "1.24", "", "<no value>"])
def test_an_engine_that_knows_what_everybody_speaks_costs_no_question(programs: Programs, oldest: str) -> None:
    compose = programs.add("docker-compose")

    check_compose(str(compose), oldest, os.environ)

    assert programs.calls("docker-compose") == []
