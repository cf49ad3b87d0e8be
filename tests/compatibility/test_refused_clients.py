"""A client that an engine refuses for its age is named before anything is started, with what to install."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from shared_engines import shared_engine, user_of
from verification import run_suite

from media_guarantees.engine.compose_program import compose_binary
from media_guarantees.engine.toolchain import engine_tools
from media_guarantees.settings import Settings

REFUSED = 4


class OldClient(NamedTuple):
    """The oldest API that the engine is told to know, the programs of the user, and the words of the refusal."""

    oldest: str
    docker: str
    compose: str
    words: tuple[str, ...]


OLD_CLIENTS = {
    "docker of engine 20.10": OldClient(
        "1.44",
        "20.10",
        "2.40.3",
        ("the `docker` client on PATH is too old", "1.41", "nothing older than 1.44", "install a newer one"),
    ),
    "Compose 2.26": OldClient(
        "1.51",
        "28.5",
        "2.26.0",
        ("the Docker Compose at", "is too old for this engine", "nothing older than 1.51", "install a newer one, 2.40"),
    ),
}


@pytest.fixture(name="environment")
def _environment(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Mapping[str, str]]:
    """The environment of a user with such clients, and an engine that refuses one of them."""
    client: OldClient = request.getfixturevalue("client")
    cache: Path = settings.cache
    docker, compose = engine_tools(cache, client.docker).which("docker"), compose_binary(cache, client.compose)
    with shared_engine(cache, "28.5", {"DOCKER_MIN_API_VERSION": client.oldest}) as engine:
        yield {**user_of(cache, {"docker": docker, "docker-compose": str(compose)}), "DOCKER_HOST": engine.host}


@pytest.mark.parametrize("client", OLD_CLIENTS.values(), ids=OLD_CLIENTS)
def test_a_client_that_is_too_old_is_refused_in_words(
    client: OldClient, environment: Mapping[str, str], tmp_path: Path
) -> None:
    status, said = run_suite(["--engine=shared", f"--report-dir={tmp_path}"], environment=environment)

    assert status == REFUSED, said
    assert not [word for word in client.words if word not in said], said
    assert "Traceback" not in said
