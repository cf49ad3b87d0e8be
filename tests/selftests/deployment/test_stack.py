"""How an engine's answers about a stack are read; the guarantees test what needs an engine."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests
from docker.models.containers import Container
from fake_engine import MODEL, Found, container, ended, linking, mount, publishing
from fake_programs import Programs

from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.deployment.compose.compose_model import Deployment
from media_guarantees.deployment.stack import ServiceState
from media_guarantees.media.uploads.exec_client import ExecPlatform
from media_guarantees.media.uploads.upload_api import UploadApi
from media_guarantees.media.uploads.upload_client import HttpPlatform


def test_the_address_is_where_the_first_port_of_the_owner_is_published(found: Found) -> None:
    running = container(NetworkSettings=publishing(**{"7000": "32767", "8000": "32768", "9000": "32769"}))

    assert found(running).address() == "http://127.0.0.1:32768"


@pytest.mark.parametrize(
    "containers",
    [
        [],
        [container()],
        [container(NetworkSettings=publishing(**{"8000": ""}))],
        [container(NetworkSettings=publishing(**{"7000": "32767"}))],
    ],
    ids=["none", "no port", "unbound", "another"],
)
def test_a_service_that_publishes_nothing_now_has_no_address(found: Found, containers: list[SimpleNamespace]) -> None:
    with pytest.raises(LookupError, match="web-project publishes no port now"):
        found(*containers).address()


LINKED: dict[str, Any] = {
    "name": "mine-connect",
    "services": {"web-project": {"volumes": [{"type": "volume", "source": "site", "target": "/var/www"}]}},
    "volumes": {"site": {"name": "site_volume"}},
}


def test_the_owners_mount_is_found_through_a_link_in_the_image(found: Found) -> None:
    running = container()
    running.client.api = linking(srvmedia="/var/www/media")
    stack = found(running)
    stack.deployment = Deployment(stack.deployment.files, LINKED, "web-project")

    own = stack.declared_mount()

    assert own is not None
    assert (own.source, own.target) == ("site_volume", "/var/www")


def test_without_a_container_the_owners_mount_is_the_one_at_the_path_that_was_given(found: Found) -> None:
    stack = found()
    stack.deployment = Deployment(stack.deployment.files, LINKED, "web-project")

    assert stack.declared_mount() is None


def test_no_running_container_is_a_broken_promise_with_the_next_command(found: Found) -> None:
    with pytest.raises(PromiseBroken, match="web-project has no running container") as broken:
        found(ended("no")).container()

    assert broken.value.next_step == "docker-compose logs web-project"


def test_who_the_stack_is_comes_from_the_engines_own_answers(found: Found) -> None:
    running = container(Image="i1", State={"Pid": 100, "StartedAt": "09:00"}, Mounts=[mount("/srv/media")])

    assert found(running, volumes=("media_volume",), daemon="dockerd 1").identity() == ServiceState(
        container="c1",
        image="i1",
        process=100,
        started="09:00",
        volume="media_volume",
        volume_created="yesterday",
        engine="dockerd 1",
    )


@pytest.mark.parametrize(
    ("upload", "api", "kind"),
    [
        ("auto", True, HttpPlatform),
        ("auto", False, ExecPlatform),
        ("http", True, HttpPlatform),
        ("http", False, HttpPlatform),
        ("exec", True, ExecPlatform),
    ],
)
def test_media_are_given_as_one_says_or_through_the_api_if_there_is_one(
    found: Found, programs: Programs, upload: str, kind: type[HttpPlatform], *, api: bool
) -> None:
    programs.add("docker")
    stack = found(container())
    cast("Any", stack)._api.has_api = lambda: api

    stack.choose_platform(upload)

    assert type(stack.platform) is kind


@pytest.mark.parametrize(
    ("upload", "sentence"),
    [
        ("exec", "media are written by the service's own user through exec: the platform has no part in it"),
        ("http", "media are uploaded through the platform's own API"),
    ],
)
def test_the_evidence_says_how_media_are_uploaded_and_what_differs_in_the_sandbox(
    found: Found, programs: Programs, caplog: pytest.LogCaptureFixture, upload: str, sentence: str
) -> None:
    programs.add("docker")

    with caplog.at_level("INFO", "verify.evidence"):
        found(container(), deviations=["db runs without devices"]).choose_platform(upload)

    observed = [record.getMessage() for record in caplog.records if record.name == "verify.evidence"]
    assert observed == [sentence, "in the sandbox, db runs without devices"]


def test_one_more_client_has_its_own_session_and_uses_the_given_address(found: Found) -> None:
    stack = found()
    stack.choose_platform("http")

    one, other = stack.new_client(), stack.new_client(lambda: "http://127.0.0.1:1")

    assert len({id(client._session) for client in (one, other, cast("Any", stack.platform))}) == 3
    assert one._find_address == stack.address
    assert other._find_address() == "http://127.0.0.1:1"


def test_a_platform_without_acknowledgements_gets_no_clients(found: Found) -> None:
    stack = found()
    stack.platform = stack._through_exec()

    with pytest.raises(Unproven, match=r": there are no clients to whom it could acknowledge anything"):
        stack.new_client()


def test_a_description_of_uploads_is_taken_at_its_word(found: Found) -> None:
    stack = found(api=UploadApi(url="/photos/"))
    cast("Any", stack)._api.has_api = lambda: False

    stack.choose_platform("auto")

    assert type(stack.platform) is HttpPlatform


def test_a_service_without_a_port_is_ready_when_its_container_is_well(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MODEL["services"]["web-project"], "ports", [])
    states: list[dict[str, Any]] = [{}, {"Health": {"Status": "starting"}}, {"Health": {"Status": "healthy"}}]

    ready = [found(container(State=state)).platform.answers() for state in states]

    assert ready == [True, False, True]
    assert not found().platform.answers(), "there is no container"
    assert found().unserved == "web-project publishes and exposes no port"


def test_until_it_is_looked_for_the_endpoint_is_the_first_port_that_is_published(found: Found) -> None:
    assert found().endpoint.port == 8000


def test_an_image_without_a_shell_is_reported_with_how_media_are_uploaded_then(
    found: Found, programs: Programs, caplog: pytest.LogCaptureFixture
) -> None:
    programs.add("docker", "exit 127")

    with caplog.at_level("INFO", "verify.evidence"):
        found(container()).choose_platform("exec")

    assert "handed over as by `docker cp`, in that user's name" in caplog.text


def test_the_engine_is_asked_once_where_many_pictures_are_served(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = found(container(NetworkSettings=publishing(**{"8000": "32768"})))
    asked: list[str] = []
    containers = stack.project.containers

    def counted(service: str) -> list[Container]:
        asked.append(service)
        return containers(service)

    monkeypatch.setattr(stack.project, "containers", counted)
    monkeypatch.setattr(
        requests.Session, "request", lambda *_, **__: SimpleNamespace(status_code=200, content=b"", headers={})
    )

    for number in range(3):
        stack.platform.fetch(f"/media/{number}.png")

    assert asked == ["web-project"], "each picture costs a request to the engine"
