"""A deployment that does not start is refused with its last log lines, never with a traceback."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_engine import container, engine_here
from fake_programs import Programs

from media_guarantees.core.errors import BadInput, PromiseBroken
from media_guarantees.deployment.compose.compose_model import Deployment
from media_guarantees.deployment.compose_project import ComposeProject
from media_guarantees.deployment.stack import Stack, Uploads
from media_guarantees.deployment.startup import (
    choose_platform,
    explain_failed_start,
    prepare_stack,
    provide_images,
    publish_exposed_ports,
    wait_for_first_start,
)
from media_guarantees.system.run_id import Run

MEANS = "nothing was tested"


@pytest.fixture(name="stack")
def _stack(tmp_path: Path, programs: Programs) -> Stack:
    del programs  # which the stack finds on the PATH
    model: dict[str, Any] = {
        "name": "connect",
        "services": {"web": {"build": {}, "ports": []}, "db": {"image": "postgres:16"}},
    }
    project = ComposeProject(engine_here(), model, tmp_path, Run("0123abcd-1-2"))
    return Stack(Deployment((tmp_path / "compose.yml",), model, "web"), project, Uploads("/media"))


@pytest.mark.parametrize(("has_bridge", "network"), [("exit 0", None), ("exit 1", "host")])
def test_a_build_takes_the_hosts_network_only_where_the_engine_has_none_of_its_own(
    tmp_path: Path, programs: Programs, has_bridge: str, network: str | None
) -> None:
    programs.add("docker", has_bridge)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    services = {"web": {"build": {"context": str(tmp_path)}}}
    deployment = Deployment((tmp_path / "compose.yml",), {"name": "connect", "services": services}, "web")

    stack = prepare_stack(
        deployment, run=Run("0123abcd-1-2"), engine=engine_here(), folder=tmp_path / "run", uploads=Uploads("/media")
    )

    assert stack.model["services"]["web"]["build"].get("network") == network


def test_a_build_that_fails_is_reported_with_its_last_lines(stack: Stack, programs: Programs) -> None:
    programs.add("docker-compose", "seq 1 40 >&2; echo 'no such base image' >&2; exit 17")

    with pytest.raises(BadInput) as refused:
        provide_images(stack)

    assert "the images of connect should be built, but the build failed" in str(refused.value)
    assert refused.value.problem.endswith("\n40\nno such base image")
    assert "\n20\n" not in refused.value.problem, "only the last lines"
    assert MEANS in str(refused.value)
    assert refused.value.hint.endswith("compose.yml build")


NOTICE = "time=now level=warning msg='Docker Compose is configured to build using Bake, but buildx is not installed'"


@pytest.mark.parametrize(
    "prints",
    [
        f'echo "process sleep 1 did not complete: exit code: 3"; echo "{NOTICE}" >&2',
        f'echo "{NOTICE}" >&2; echo "process sleep 1 did not complete: exit code: 3" >&2',
        'echo "ERROR: process sleep 1 did not complete: exit code: 3"; seq 1 30 >&2',
        f'echo "{NOTICE}" >&2; echo "ERROR: process sleep 1 did not complete: exit code: 3" >&2; seq 1 30 >&2',
    ],
    ids=["on the other stream", "after the notice", "before much else, on the other stream", "before much else"],
)
def test_the_error_of_a_build_is_shown_whatever_compose_prints_around_it(
    stack: Stack, programs: Programs, prints: str
) -> None:
    programs.add("docker-compose", f"{prints}; exit 17")

    with pytest.raises(BadInput, match="process sleep 1 did not complete: exit code: 3") as refused:
        provide_images(stack)

    assert "Bake" not in refused.value.problem


def test_a_build_of_which_nothing_but_a_notice_is_known_shows_the_notice(stack: Stack, programs: Programs) -> None:
    programs.add("docker-compose", f'echo "{NOTICE}" >&2; exit 17')

    with pytest.raises(BadInput, match="configured to build using Bake"):
        provide_images(stack)


def test_an_image_that_can_not_be_pulled_is_named_with_the_reason(stack: Stack, programs: Programs) -> None:
    programs.add("docker", "exit 1")
    programs.add("docker-compose", '[ "$1" = build ] || { echo "no route to host" >&2; exit 18; }')

    with pytest.raises(BadInput, match=r"the image postgres:16 should be there, .*: no route to host") as refused:
        provide_images(stack)

    assert "docker login" in refused.value.hint
    assert programs.calls("docker-compose")[-1] == "pull --quiet --ignore-buildable --policy missing"


def test_images_that_are_there_are_not_pulled(stack: Stack, programs: Programs) -> None:
    programs.add("docker", "echo null")

    provide_images(stack)

    assert programs.calls("docker-compose") == ["build --quiet"]


def test_what_the_image_exposes_is_published(stack: Stack, programs: Programs) -> None:
    programs.add("docker", """echo '{"ExposedPorts": {"8000/tcp": {}, "53/udp": {}}}'""")

    publish_exposed_ports(stack)

    assert stack.model["services"]["web"]["ports"] == [{"target": 8000, "protocol": "tcp", "host_ip": "127.0.0.1"}]
    assert programs.calls("docker") == ["image inspect --format {{json .Config}} connect-web"]
    assert '"target": 8000' in (stack.folder / "docker-compose.yml").read_text()


def test_an_image_that_exposes_nothing_publishes_nothing(stack: Stack, programs: Programs) -> None:
    programs.add("docker", "echo null")

    publish_exposed_ports(stack)

    assert stack.model["services"]["web"]["ports"] == []


def ended() -> SimpleNamespace:
    attrs = {"State": {"ExitCode": 3}, "RestartCount": 2, "HostConfig": {"RestartPolicy": {"Name": "no"}}}
    said = b"Traceback\nno such table: media\n"
    return SimpleNamespace(status="exited", attrs=attrs, logs=lambda **_: said)


def test_a_container_that_exits_at_once_is_reported_with_its_last_lines(stack: Stack) -> None:
    def stop_recovering() -> None:
        raise PromiseBroken("waiting until web answers is pointless")

    cast("Any", stack.health).wait_until_ready = stop_recovering
    cast("Any", stack.project).containers = lambda _service, running_only=True: [] if running_only else [ended()]

    with pytest.raises(BadInput) as refused:
        wait_for_first_start(stack)

    text = str(refused.value)
    assert "web should come up and answer: waiting until web answers is pointless" in text
    assert "its container is exited, exit status 3, started again 2 times, and gives no answer" in text
    assert "it said last:\nTraceback\nno such table: media" in text
    assert MEANS in text
    assert refused.value.hint.endswith("compose.yml up web")


def test_a_container_that_ends_as_soon_as_it_is_up_is_reported_with_its_last_lines(stack: Stack) -> None:
    def look(_upload: str) -> None:
        raise PromiseBroken("web has no running container")

    cast("Any", stack).choose_platform = look
    cast("Any", stack.project).containers = lambda _service, running_only=True: [] if running_only else [ended()]

    with pytest.raises(BadInput, match=r"answer: web has no running container; .*exit status 3(.|\n)*no such table"):
        choose_platform(stack, "auto")


def test_a_service_that_answers_with_a_fault_of_its_own_is_up_and_nothing_more_is_waited_for(stack: Stack) -> None:
    def stop_recovering() -> None:
        raise PromiseBroken("timed out after 60 s waiting until web answers")

    cast("Any", stack.health).wait_until_ready = stop_recovering
    cast("Any", stack).platform = SimpleNamespace(probe=lambda: 503, answers=lambda: False)

    wait_for_first_start(stack)

    with pytest.raises(PromiseBroken, match="web is still not ready after a restart"):
        stack.health.recover()


def never_ready() -> None:
    raise PromiseBroken("timed out")


@pytest.mark.parametrize(("health", "is_up"), [("unhealthy", True), ("starting", False)])
def test_a_service_without_a_port_is_up_when_its_health_check_has_failed(
    stack: Stack, health: str, *, is_up: bool
) -> None:
    running = container(State={"ExitCode": 0, "Pid": 100, "Health": {"Status": health}})
    running.logs = lambda **_: b""
    cast("Any", stack.project).containers = lambda *_, **__: [running]
    cast("Any", stack.health).wait_until_ready = never_ready

    if not is_up:
        with pytest.raises(BadInput, match="web should come up and answer: timed out"):
            wait_for_first_start(stack)
        return
    wait_for_first_start(stack)

    with pytest.raises(PromiseBroken, match="web is still not ready after a restart"):
        stack.health.recover()


def test_what_compose_says_of_a_start_that_failed_is_reported_and_no_more(stack: Stack) -> None:
    error = Exception(
        "Command docker-compose returned 1: " + "\n".join(map(str, range(30))) + f"\ndb is unhealthy\n{NOTICE}"
    )

    refusal = explain_failed_start(stack, error)

    assert refusal.problem.startswith("connect should come up, but Compose gave up: ")
    assert refusal.problem.endswith("db is unhealthy")
    assert "\n5\n" not in refusal.problem
