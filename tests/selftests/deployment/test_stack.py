"""What is read out of an engine's answers about a stack; what needs an engine is shown by the guarantees."""

import base64
import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker.errors
import pytest
import requests
from fake_programs import Programs
from fake_stack import FakePlatform

from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.deployment.compose_model import Deployment
from media_guarantees.deployment.stack import ServiceState, Stack, _journal_api_call
from media_guarantees.media.upload_api import UploadApi
from media_guarantees.media.upload_client import ExecPlatform, HttpPlatform
from media_guarantees.system.run_id import Run

RUN = Run("0123abcd-1-2", "mine-")
MODEL: dict[str, Any] = {
    "name": "mine-connect",
    "services": {"web-project": {"build": {"context": "/srv"}, "ports": [{"target": 8000}]}},
}
WRITTEN = json.dumps(MODEL)

Found = Callable[..., Stack]


def linking(**links: str) -> SimpleNamespace:
    """Make an engine's API that tells of symbolic links in containers, by their paths without slashes."""

    def head(_url: str, *, params: dict[str, str], timeout: float) -> SimpleNamespace:
        del timeout
        told = json.dumps({"linkTarget": links.get(params["path"].replace("/", ""), "")})
        return SimpleNamespace(headers={"X-Docker-Container-Path-Stat": base64.b64encode(told.encode()).decode()})

    return SimpleNamespace(base_url="http://engine", api_version="1.41", timeout=60, head=head)


def container(created: str = "1", **attributes: Any) -> SimpleNamespace:
    """Make what the engine tells of a container that runs, publishes nothing and mounts nothing."""
    attrs: dict[str, Any] = {
        "Created": created,
        "NetworkSettings": {"Ports": {}},
        "Mounts": [],
        "HostConfig": {"RestartPolicy": {"Name": ""}},
        "State": {"ExitCode": 0, "Pid": 100},
        "Image": "i1",
        **attributes,
    }
    return SimpleNamespace(id=f"c{created}", attrs=attrs, status="running", client=SimpleNamespace(api=linking()))


def ended(policy: str, status: str = "exited") -> SimpleNamespace:
    made = container(HostConfig={"RestartPolicy": {"Name": policy}}, State={"ExitCode": 137})
    made.status = status
    made.logs = lambda tail: f"the last {tail} lines\n".encode()
    return made


def publishing(**ports: str) -> dict[str, Any]:
    bindings = {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": to}] if to else None for port, to in ports.items()}
    return {"Ports": bindings}


def mount(target: str, kind: str = "volume", name: str = "media_volume") -> dict[str, str]:
    return {"Type": kind, "Name": name, "Destination": target}


@pytest.fixture(name="found")
def _found(tmp_path: Path) -> Found:
    """Make a stack of which the engine finds these containers and volumes."""

    def found(*containers: SimpleNamespace, volumes: tuple[str, ...] = (), **options: Any) -> Stack:
        stack = Stack(
            deployment=Deployment((tmp_path / "compose.yml",), {}, "web-project"),
            model=MODEL,
            run=RUN,
            folder=tmp_path,
            media_root="/srv/media/",
            compose=["docker-compose"],
            environment=dict(os.environ),
            token="t",
            **options,
        )
        asked: list[dict[str, Any]] = []

        def listing(**options: Any) -> list[SimpleNamespace]:
            asked.append(options)
            return [each for each in containers if options["all"] or each.status == "running"]

        def volume(name: str) -> object:
            if name not in volumes:
                raise docker.errors.NotFound(name)
            return SimpleNamespace(name=name, attrs={"CreatedAt": "yesterday"})

        cast("Any", stack).client = SimpleNamespace(
            containers=SimpleNamespace(list=listing, asked=asked),
            volumes=SimpleNamespace(get=volume),
            images=SimpleNamespace(list=lambda **_: []),
        )
        return stack

    return found


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


def test_containers_are_of_this_project_and_service_oldest_first(found: Found) -> None:
    stack = found(container("2"), container("1"))

    assert [each.id for each in stack.containers("web-project")] == ["c1", "c2"]
    assert cast("Any", stack.client).containers.asked[0]["filters"]["label"] == [
        "com.docker.compose.project=mine-connect",
        "com.docker.compose.service=web-project",
    ]


def test_no_running_container_is_a_broken_promise_with_the_next_command(found: Found) -> None:
    with pytest.raises(PromiseBroken, match="web-project has no running container") as broken:
        found(ended("no")).container()

    assert broken.value.next_step == "docker-compose logs web-project"


def test_the_media_are_mounted_where_the_root_is_however_it_is_spelled(found: Found) -> None:
    stack = found(container(Mounts=[mount("/srv", name="other"), mount("/srv//media")]))

    assert stack.volume == "media_volume"


def test_nothing_at_the_media_root_is_a_broken_promise_with_what_to_write(found: Found) -> None:
    with pytest.raises(PromiseBroken, match="nothing is mounted at /srv/media in web-project") as broken:
        found(container(Mounts=[mount("/srv/media/avatars")])).media_mount()

    assert "vanish with it" in broken.value.means
    assert broken.value.next_step.endswith("media_volume:/srv/media")


def test_media_below_a_mounted_volume_are_in_a_folder_of_it(found: Found) -> None:
    stack = found(container(Mounts=[mount("/srv")]), volumes=("media_volume",))

    assert (stack.volume, stack.media.folder) == ("media_volume", "media")


def test_a_media_root_that_is_a_symbolic_link_is_where_the_link_leads(found: Found) -> None:
    linked = container(Mounts=[mount("/data")])
    linked.client.api = linking(srvmedia="/data/pictures")

    stack = found(linked, volumes=("media_volume",))

    assert (stack.volume, stack.media.folder) == ("media_volume", "pictures")


def test_a_link_on_the_way_to_the_media_root_is_followed_too(found: Found) -> None:
    linked = container(Mounts=[mount("/data")])
    linked.client.api = linking(srv="/data/site")

    assert found(linked, volumes=("media_volume",)).media.folder == "site/media"


@pytest.mark.parametrize("kind", ["bind", "tmpfs"])
def test_media_that_are_not_in_a_volume_are_a_broken_promise(found: Found, kind: str) -> None:
    with pytest.raises(PromiseBroken, match=f"is backed by a {kind}, not by a named volume") as broken:
        _ = found(container(Mounts=[mount("/srv/media", kind)])).volume

    assert "backup and restore commands" in broken.value.means


@pytest.mark.parametrize(("name", "exists"), [("media_volume", True), ("media", False)])
def test_a_volume_exists_under_its_whole_name_only(found: Found, name: str, *, exists: bool) -> None:
    assert found(volumes=("media_volume",)).volume_exists(name) is exists


@pytest.mark.parametrize("policy", ["", "no"])
@pytest.mark.parametrize("status", ["exited", "dead"])
def test_a_container_that_ended_for_good_is_told_with_status_and_last_lines(
    found: Found, policy: str, status: str
) -> None:
    assert found(ended(policy, status))._exit_reason() == "its container ended with status 137: the last 5 lines"


@pytest.mark.parametrize(
    "containers",
    [[], [container()], [ended("always")], [ended("unless-stopped")], [ended("on-failure")], [ended("no", "created")]],
    ids=["none", "running", "always", "unless-stopped", "on-failure", "created"],
)
def test_a_container_that_may_still_come_has_no_obituary(found: Found, containers: list[SimpleNamespace]) -> None:
    assert found(*containers)._exit_reason() is None


def test_waiting_for_a_service_that_ended_for_good_is_pointless(found: Found) -> None:
    with pytest.raises(PromiseBroken, match="is pointless: its container ended with status 137"):
        found(ended("no")).wait_until_ready()


def test_a_stack_that_is_started_over_has_as_long_as_at_first(
    found: Found, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_guarantees.deployment.stack.MEND_SECONDS", 0.05)
    answers = iter([False] * 40 + [True] * 10)
    stack = found(container())
    cast("Any", stack).platform = SimpleNamespace(answers=lambda: next(answers))

    stack._recreate()

    assert programs.calls("docker-compose")[-1] == "up --detach"


def test_a_service_that_came_up_soon_is_not_waited_for_as_long_again(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_guarantees.deployment.stack.AGAIN_SECONDS", 0.05)
    monkeypatch.setattr("media_guarantees.deployment.stack.AGAIN_TIMES", 0)
    answers = iter([True])
    stack = found(container())
    cast("Any", stack).platform = SimpleNamespace(answers=lambda: next(answers, False))
    stack.wait_until_ready()

    with pytest.raises(PromiseBroken, match=r"timed out after 0\.05 s waiting until web-project answers"):
        stack.wait_until_ready()


@pytest.mark.parametrize(("took", "given"), [((), 60.0), ((0.5,), 30.0), ((0.5, 2.0), 40.0), ((25.0,), 60.0)])
def test_a_start_is_given_many_times_as_long_as_those_before_it_took(
    found: Found, took: tuple[float, ...], given: float
) -> None:
    stack = found()
    stack._came_up_within.extend(took)

    assert stack.start_seconds == given


def test_a_service_that_took_its_time_at_first_is_given_more_again(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_guarantees.deployment.stack.AGAIN_SECONDS", 0.0)
    monkeypatch.setattr("media_guarantees.deployment.stack.AGAIN_TIMES", 50)
    answers = iter([False] * 5 + [True] + [False] * 10 + [True])
    stack = found(container())
    cast("Any", stack).platform = SimpleNamespace(answers=lambda: next(answers))
    stack.wait_until_ready()

    stack.wait_until_ready()

    assert next(answers, None) is None


def test_a_service_that_was_given_up_is_not_waited_for_as_long(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_guarantees.deployment.stack.MEND_SECONDS", 0.05)
    stack = found(container())
    cast("Any", stack).platform = SimpleNamespace(answers=lambda: False)
    stack.stop_recovering()

    with pytest.raises(PromiseBroken, match=r"timed out after 0\.05 s waiting until web-project answers"):
        stack.wait_until_ready()


def test_a_compose_that_fails_is_a_broken_promise_in_its_words(found: Found, programs: Programs) -> None:
    programs.add("docker-compose", "echo no such volume >&2; exit 1")

    with pytest.raises(PromiseBroken, match="`docker-compose up --detach` ended with status 1: no such volume"):
        found().compose("up", "--detach")


def test_taking_down_removes_the_sandboxs_volumes_in_the_operators_folder(
    found: Found, tmp_path: Path, programs: Programs
) -> None:
    programs.add("docker-compose", f"pwd > {tmp_path}/where")

    found().tear_down()

    assert programs.calls("docker-compose") == ["down --volumes --remove-orphans"]
    assert (tmp_path / "where").read_text().strip() == str(tmp_path)


def test_what_is_deployed_instead_leaves_the_stacks_own_model_as_it_was(
    found: Found, tmp_path: Path, programs: Programs
) -> None:
    stack = found()

    stack.deploy({"name": "another"})

    assert json.loads((tmp_path / "docker-compose.yml").read_text()) == {"name": "another"}
    assert programs.calls("docker-compose") == ["up --detach"]
    assert stack.model == json.loads(WRITTEN)


def test_who_the_stack_is_comes_from_the_engines_own_answers(found: Found) -> None:
    running = container(Image="i1", State={"Pid": 100, "StartedAt": "09:00"}, Mounts=[mount("/srv/media")])

    assert found(running, volumes=("media_volume",), engine_process=lambda: "dockerd 1").identity() == ServiceState(
        container="c1",
        image="i1",
        process=100,
        started="09:00",
        volume="media_volume",
        volume_created="yesterday",
        engine="dockerd 1",
    )


def bound(directory: object) -> SimpleNamespace:
    """Make a container whose media are in a directory of the host."""
    mounts = [{"Type": "bind", "Source": str(directory), "Destination": "/srv/media"}]
    return container(Mounts=mounts, State={"Pid": 100, "StartedAt": "09:00"})


def test_a_directory_of_the_host_that_is_made_anew_is_another_one(found: Found, tmp_path: Path) -> None:
    directory = tmp_path / "media"
    directory.mkdir()
    stack = found(bound(directory), is_local=True)
    before = stack.identity()

    directory.rename(tmp_path / "moved away")
    directory.mkdir()

    assert stack.identity().volume == before.volume == str(directory)
    assert stack.identity().volume_created != before.volume_created


def test_of_a_directory_on_another_host_only_the_name_is_known(found: Found, tmp_path: Path) -> None:
    identity = found(bound(tmp_path)).identity()

    assert (identity.volume, identity.volume_created) == (str(tmp_path), "")


def test_a_stack_that_is_well_is_left_as_it_is(found: Found, programs: Programs) -> None:
    stack = found(container())
    stack.platform = FakePlatform()

    stack.recover()

    assert programs.calls("docker-compose") == []


@pytest.mark.parametrize("status", ["exited", "running"])
def test_a_stack_that_a_test_broke_is_started_again_as_it_was_written(
    found: Found, tmp_path: Path, status: str
) -> None:
    broken = container()
    broken.status = status
    stack, started = found(broken), []
    stack.platform = platform = FakePlatform()
    platform.up = False

    def start(*args: str) -> None:
        started.append(args)
        broken.status, platform.up = "running", True

    cast("Any", stack).compose = start

    stack.recover()

    assert started == [("up", "--detach")]
    assert json.loads((tmp_path / "docker-compose.yml").read_text()) == MODEL


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
    ("upload", "told"),
    [
        ("exec", "media are written by the service's own user through exec: the platform has no part in it"),
        ("http", "media are uploaded through the platform's own API"),
    ],
)
def test_how_media_get_in_is_told_and_what_is_different_in_the_sandbox(
    found: Found, programs: Programs, caplog: pytest.LogCaptureFixture, upload: str, told: str
) -> None:
    programs.add("docker")

    with caplog.at_level("INFO", "verify.observations"):
        found(container(), deviations=["db runs without devices"]).choose_platform(upload)

    observed = [record.getMessage() for record in caplog.records if record.name == "verify.observations"]
    assert observed == [told, "in the sandbox, db runs without devices"]


def test_one_more_client_has_a_session_of_its_own_and_finds_the_platform_as_it_is_told(found: Found) -> None:
    stack = found()
    stack.choose_platform("http")

    one, other = stack.new_client(), stack.new_client(lambda: "http://127.0.0.1:1")

    assert len({id(client._session) for client in (one, other, cast("Any", stack.platform))}) == 3
    assert one._find_address == stack.address
    assert other._find_address() == "http://127.0.0.1:1"


def test_where_nobody_acknowledges_anything_there_are_no_clients(found: Found) -> None:
    stack = found()
    stack.platform = stack._through_exec()

    with pytest.raises(Unproven, match=r": there are no clients to whom it could acknowledge anything"):
        stack.new_client()


def test_a_description_of_uploads_is_taken_at_its_word(found: Found) -> None:
    stack = found(upload_api=UploadApi(url="/photos/"))
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


def test_what_the_engine_was_asked_is_journalled_with_how_long_it_took(caplog: pytest.LogCaptureFixture) -> None:
    response = requests.Response()
    response.request = requests.Request("GET", "http://engine/v1.41/volumes?x=1").prepare()
    response.status_code, response.elapsed = 404, timedelta(seconds=2)

    with caplog.at_level("INFO", "verify.events"):
        _journal_api_call(response)

    event = vars(caplog.records[-1])["event"]
    assert (event.kind, event.what, event.seconds, event.status) == ("engine", "GET /v1.41/volumes?x=1", 2.0, 404)
    assert event.start <= time.time() - 2.0


def test_until_it_is_looked_for_the_endpoint_is_the_first_port_that_is_published(found: Found) -> None:
    assert found().endpoint.port == 8000


def test_that_an_image_has_no_shell_is_told_with_how_media_get_in_then(
    found: Found, programs: Programs, caplog: pytest.LogCaptureFixture
) -> None:
    programs.add("docker", "exit 127")

    with caplog.at_level("INFO", "verify.observations"):
        found(container()).choose_platform("exec")

    assert "handed over as by `docker cp`, in that user's name" in caplog.text


def test_a_volume_that_is_only_taken_over_by_its_service_is_the_same_volume(found: Found, tmp_path: Path) -> None:
    data = tmp_path / "volumes" / "media_volume" / "_data"
    data.mkdir(parents=True)
    stack = found(is_local=True)

    before = stack._made({"CreatedAt": "1", "Mountpoint": str(data)})
    data.chmod(0o700)
    (data / "avatars").mkdir()
    assert stack._made({"CreatedAt": "2", "Mountpoint": str(data)}) == before

    os.utime(data.parent, (0, 0))
    assert stack._made({"CreatedAt": "2", "Mountpoint": str(data)}) != before


def test_on_an_engine_elsewhere_a_volume_is_as_old_as_the_engine_says(found: Found) -> None:
    assert found()._made({"CreatedAt": "yesterday", "Mountpoint": "/var/lib"}) == "yesterday"
