"""A start is waited for as long as it may take, but not after the service ended; a broken stack is repaired."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_engine import MODEL, Found, container, ended
from fake_programs import Programs
from fake_stack import FakePlatform

from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.deployment.health import readiness


@pytest.mark.parametrize("policy", ["", "no"])
@pytest.mark.parametrize("status", ["exited", "dead"])
def test_a_container_that_ended_for_good_is_reported_with_status_and_last_lines(
    found: Found, policy: str, status: str
) -> None:
    assert found(ended(policy, status)).health._exit_reason() == "its container ended with status 137: the last 5 lines"


@pytest.mark.parametrize(
    "containers",
    [[], [container()], [ended("always")], [ended("unless-stopped")], [ended("on-failure")], [ended("no", "created")]],
    ids=["none", "running", "always", "unless-stopped", "on-failure", "created"],
)
def test_a_container_that_may_still_come_has_no_obituary(found: Found, containers: list[SimpleNamespace]) -> None:
    assert found(*containers).health._exit_reason() is None


def in_project(name: str, volume: str) -> SimpleNamespace:
    """Make a container of the run that a command started in a project of that name."""
    labels = {"com.docker.compose.project": name}
    made = container(Config={"Labels": labels}, Mounts=[{"Type": "volume", "Name": volume, "Destination": "/srv"}])
    made.removed = []
    made.remove = lambda *, force: made.removed.append(force)
    return made


def started_elsewhere(found: Found, stray: SimpleNamespace) -> Any:
    """Return a stack of which a command started the service in another project."""
    stack = cast("Any", found(stray))
    stack.project.containers = lambda *_, **__: []
    stack.project.model = {**MODEL, "volumes": {"media": {"name": "mine-connect_media"}}}
    return stack


def test_a_service_that_was_started_in_another_project_is_not_waited_for(found: Found) -> None:
    stack = started_elsewhere(found, in_project("platform", "platform_media"))

    with pytest.raises(PromiseBroken) as broken:
        stack.health.wait_until_ready()

    assert "the project mine-connect is down, and platform runs instead, with platform_media" in broken.value.seen


def test_a_service_that_has_the_same_volumes_in_another_project_has_lost_nothing(found: Found) -> None:
    stack = started_elsewhere(found, in_project("platform", "mine-connect_media"))

    with pytest.raises(Unproven, match="platform runs instead, with mine-connect_media: they are the same"):
        stack.health.wait_until_ready()


@pytest.mark.parametrize(("project", "removed"), [("platform", [True]), ("mine-connect", [])])
def test_what_a_command_started_in_another_project_is_removed_before_the_next_test(
    found: Found, programs: Programs, project: str, removed: list[bool]
) -> None:
    programs.add("docker-compose", "")
    there = in_project(project, "platform_media")
    stack = found(there)
    answers = iter([False, True, True])
    cast("Any", stack).platform = SimpleNamespace(answers=lambda: next(answers))

    stack.health.recover()

    assert there.removed == removed


def test_waiting_for_a_service_that_ended_for_good_is_pointless(found: Found) -> None:
    with pytest.raises(PromiseBroken, match="is pointless: its container ended with status 137"):
        found(ended("no")).health.wait_until_ready()


def test_a_stack_that_is_started_over_has_as_long_as_at_first(
    found: Found, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_guarantees.deployment.health.readiness.REPAIR_SECONDS", 0.05)
    answers = iter([False] * 40 + [True] * 10)
    stack = found(container())
    cast("Any", stack).platform = SimpleNamespace(answers=lambda: next(answers))

    stack.health.recreate()

    assert programs.calls("docker-compose")[-1] == "up --detach"


def test_a_service_that_came_up_soon_is_not_waited_for_as_long_again(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_guarantees.deployment.health.readiness.AGAIN_SECONDS", 0.05)
    monkeypatch.setattr("media_guarantees.deployment.health.readiness.AGAIN_TIMES", 0)
    answers = iter([True])
    stack = found(container())
    cast("Any", stack).platform = SimpleNamespace(answers=lambda: next(answers, False))
    stack.health.wait_until_ready()

    with pytest.raises(PromiseBroken, match=r"timed out after 0\.05 s waiting until web-project answers"):
        stack.health.wait_until_ready()


@pytest.mark.parametrize(
    ("took", "given"), [((), 60.0), ((0.5,), 30.0), ((0.5, 2.0), 40.0), ((25.0,), 60.0), ((100.0, 2.0), 200.0)]
)
def test_a_start_is_given_many_times_as_long_as_those_before_it_took(
    found: Found, took: tuple[float, ...], given: float
) -> None:
    health = found().health
    health._starts.extend(took)

    assert health.start_seconds == given


def test_a_slow_first_start_may_be_as_slow_on_another_host(found: Found) -> None:
    home, host = found(), found()
    home.health._starts.append(100.0)

    host.answer_like(home)

    assert host.health.start_seconds == 200.0


def test_a_service_that_took_its_time_at_first_is_given_more_again(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_guarantees.deployment.health.readiness.AGAIN_SECONDS", 0.0)
    monkeypatch.setattr("media_guarantees.deployment.health.readiness.AGAIN_TIMES", 50)
    answers = iter([False] * 5 + [True] + [False] * 10 + [True])
    stack = found(container())
    cast("Any", stack).platform = SimpleNamespace(answers=lambda: next(answers))
    stack.health.wait_until_ready()

    stack.health.wait_until_ready()

    assert next(answers, None) is None


def test_a_service_that_was_given_up_is_not_waited_for_as_long(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_guarantees.deployment.health.readiness.REPAIR_SECONDS", 0.05)
    stack = found(container())
    cast("Any", stack).platform = SimpleNamespace(answers=lambda: False)
    stack.health.stop_recovering()

    with pytest.raises(PromiseBroken, match=r"timed out after 0\.05 s waiting until web-project answers"):
        stack.health.wait_until_ready()


def test_a_stack_that_is_well_is_left_as_it_is(found: Found, programs: Programs) -> None:
    stack = found(container())
    stack.platform = FakePlatform()

    stack.health.recover()

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

    cast("Any", stack.project).compose = start

    stack.health.recover()

    assert started == [("up", "--detach")]
    assert json.loads((tmp_path / "docker-compose.yml").read_text()) == MODEL


def starting(seconds: float) -> SimpleNamespace:
    """Make a container whose health check allows a start of so many seconds."""
    check = {"Healthcheck": {"StartPeriod": int(seconds * 1e9), "Interval": 1, "Retries": 1}}
    slow = container(Config=check, State={"Health": {"Status": "starting"}, "ExitCode": 0})
    slow.logs = lambda tail: b"migrating 7 of 90\n" * tail
    return slow


def test_a_repair_may_take_as_long_as_the_slowest_start_before_it(
    found: Found, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "REPAIR_SECONDS", 0.0)
    monkeypatch.setattr(readiness, "AGAIN_SECONDS", 0.0)
    answers = iter([False] * 6)
    stack = found(container())
    stack.health._starts.append(10.0)
    cast("Any", stack).platform = SimpleNamespace(answers=lambda: next(answers, True))

    stack.health.recover()

    assert programs.calls("docker-compose") == ["up --detach"], "its volumes need not be made again"


def test_a_service_whose_container_has_ended_has_the_time_that_its_health_check_allows(found: Found) -> None:
    slow = starting(180)
    slow.status = "restarting"

    assert found(slow).health.start_seconds == 180.0 + 2e-9


def test_a_start_may_take_as_long_as_the_health_check_allows(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "READY_SECONDS", 0.0)
    stack = found(starting(0.3))
    cast("Any", stack).platform = SimpleNamespace(answers=lambda: False)

    with pytest.raises(PromiseBroken, match=r"timed out after 0\.3 s waiting until .* allow 0\.3 s for a start"):
        stack.health.wait_until_ready(within=0.0)


def test_what_goes_on_is_reported_while_a_slow_start_is_waited_for(
    found: Found, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(readiness, "REPORT_SECONDS", 0.05)
    answers = iter([False] * 6)
    stack = found(starting(180))
    cast("Any", stack).platform = SimpleNamespace(answers=lambda: next(answers, True))

    with caplog.at_level("INFO", "verify.progress"):
        stack.health.wait_until_ready()

    said = {record.getMessage() for record in caplog.records if record.name == "verify.progress"}
    assert said == {"stack: web-project is starting; its files allow 180 s for that; it said last: migrating 7 of 90"}
