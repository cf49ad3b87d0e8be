"""A Compose project of the sandbox: its containers, its logs, and its complete removal."""

import json
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker
import pytest
import requests
from fake_engine import MODEL, Found, container
from fake_programs import Programs

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.compose_project import _journal_api_call


def test_containers_are_of_this_project_and_service_oldest_first(found: Found) -> None:
    stack = found(container("2"), container("1"))

    assert [each.id for each in stack.project.containers("web-project")] == ["c1", "c2"]
    assert cast("Any", stack.project.client).containers.asked[0]["filters"]["label"] == [
        "com.docker.compose.project=mine-connect",
        "com.docker.compose.service=web-project",
    ]


def test_the_engine_is_asked_for_the_version_of_its_api_and_none_is_assumed(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}
    client = SimpleNamespace(api=SimpleNamespace(hooks={"response": []}))
    monkeypatch.setattr(docker.DockerClient, "from_env", lambda **options: asked.update(options) or client)
    project = found().project

    del project.client  # the stand-in's: it is asked for anew

    assert project.client is cast("object", client)
    assert asked["version"] == "auto", "a version that the package chooses may be too old for the engine"


def test_a_compose_that_fails_is_a_broken_promise_in_its_words(found: Found, programs: Programs) -> None:
    programs.add("docker-compose", "echo no such volume >&2; exit 1")

    with pytest.raises(PromiseBroken, match="`docker-compose up --detach` ended with status 1: no such volume"):
        found().project.compose("up", "--detach")


def test_taking_down_removes_the_sandboxs_volumes_in_the_operators_folder(
    found: Found, tmp_path: Path, programs: Programs
) -> None:
    programs.add("docker-compose", f"pwd > {tmp_path}/where")

    found().project.tear_down()

    assert programs.calls("docker-compose") == ["down --volumes --remove-orphans"]
    assert (tmp_path / "where").read_text().strip() == str(tmp_path)


def test_what_is_deployed_instead_leaves_the_stacks_own_model_as_it_was(
    found: Found, tmp_path: Path, programs: Programs
) -> None:
    stack = found()

    stack.project.deploy({"name": "another"})

    assert json.loads((tmp_path / "docker-compose.yml").read_text()) == {"name": "another"}
    assert programs.calls("docker-compose") == ["up --detach"]
    assert stack.model == MODEL


def test_what_the_engine_was_asked_is_journalled_with_how_long_it_took(caplog: pytest.LogCaptureFixture) -> None:
    response = requests.Response()
    response.request = requests.Request("GET", "http://engine/v1.41/volumes?x=1").prepare()
    response.status_code, response.elapsed = 404, timedelta(seconds=2)

    with caplog.at_level("INFO", "verify.events"):
        _journal_api_call(response)

    event = vars(caplog.records[-1])["event"]
    assert (event.kind, event.what, event.seconds, event.status) == ("engine", "GET /v1.41/volumes?x=1", 2.0, 404)
    assert event.start <= time.time() - 2.0
