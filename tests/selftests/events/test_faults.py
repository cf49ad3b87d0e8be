"""Faults as commands and signals; the guarantees test their effect on a real engine."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_programs import Programs

from media_guarantees.core.errors import Unproven
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.private_engine import PrivateEngine
from media_guarantees.events import faults
from media_guarantees.system import commands
from media_guarantees.system.run_id import Run

MODEL = {"name": "mine-connect", "services": {"web-project": {"build": {"context": "/srv"}, "ports": []}}}
WRITTEN = json.dumps(MODEL)


@pytest.fixture(name="programs")
def _programs(programs: Programs, tmp_path: Path) -> Programs:
    """A `docker` that records its standard input."""
    programs.add("docker", f"cat > {tmp_path}/stdin")
    return programs


class DeployedStack:
    """A stack whose service runs as processes 100 and 101 of an image; it records deployments."""

    service = "web-project"
    name = "mine-connect"
    run = Run("0123abcd-1-2", "mine-")

    def __init__(self) -> None:
        self.model: dict[str, Any] = json.loads(WRITTEN)
        self.deployed: list[dict[str, Any]] = []
        self.composed: list[Sequence[str]] = []
        self.killed: list[str] = []
        self.listed = [100]  # the main process, each time that the engine is asked; at last as it stays
        self.project = self  # one object is all the parts of it

    @property
    def environment(self) -> dict[str, str]:
        """The test's own, with the fake programs on its PATH."""
        return dict(os.environ)

    def container(self) -> SimpleNamespace:
        """Return the one container, which can be killed."""
        return SimpleNamespace(
            attrs={"Config": {"Image": "connect:1"}, "State": {"Pid": self.process()}},
            top=lambda ps_args: {"Processes": [["100"], ["101"]]} if ps_args == "-eo pid" else {},
            kill=lambda: self.killed.append("c1"),
        )

    def process(self) -> int:
        """Return the main process that the engine lists now."""
        return self.listed.pop(0) if len(self.listed) > 1 else self.listed[0]

    def containers(self, service: str) -> list[SimpleNamespace]:
        """Return the same, for its service."""
        return [self.container()] if service == self.service else []

    def identity(self) -> SimpleNamespace:
        """Return an identity that names the main process."""
        return SimpleNamespace(process=100)

    def docker(self, *args: str, **options: Any) -> commands.Outcome:
        """Run the fake `docker`."""
        return commands.check(["docker", *args], env=self.environment, **options)

    def deploy(self, model: dict[str, Any]) -> None:
        """Record the deployment."""
        self.deployed.append(model)

    def compose(self, *args: str) -> None:
        """Remember what is asked of Compose."""
        self.composed.append(args)


@pytest.fixture(name="stack")
def _stack() -> DeployedStack:
    """A fresh stack for each test."""
    return DeployedStack()


def test_recreating_is_composes_own_and_of_the_service_only(stack: DeployedStack) -> None:
    faults.recreate(cast("Stack", stack))

    assert stack.composed == [("up", "--detach", "--force-recreate", "web-project")]


def test_an_update_is_the_services_own_image_with_one_label_more(
    stack: DeployedStack, tmp_path: Path, programs: Programs
) -> None:
    faults.update(cast("Stack", stack))

    image = "mine-connect-web-project-update:0123abcd-1-2"
    assert programs.calls("docker") == [f"build --quiet --tag {image} -"]
    assert (tmp_path / "stdin").read_text() == "FROM connect:1\nLABEL media-verify.run=0123abcd-1-2\n"
    assert stack.deployed == [{"name": "mine-connect", "services": {"web-project": {"image": image, "ports": []}}}]


@pytest.mark.usefixtures("programs")
def test_an_update_leaves_the_stacks_own_model_as_it_was(stack: DeployedStack) -> None:
    faults.update(cast("Stack", stack))

    assert stack.model == json.loads(WRITTEN)


def test_killing_the_main_process_is_a_signal_from_outside_the_container(
    stack: DeployedStack, programs: Programs
) -> None:
    stack.listed = [102]
    faults.kill_main_process(cast("Stack", stack))

    assert programs.calls("docker")[0].endswith(" kill KILL 100"), "`docker kill` would keep it from being restarted"
    assert stack.killed == []


@pytest.mark.usefixtures("programs")
def test_a_kill_is_over_once_the_engine_has_noticed_it(stack: DeployedStack) -> None:
    stack.listed = [100, 100, 102]

    faults.kill_main_process(cast("Stack", stack))

    assert stack.listed == [102]


@pytest.mark.usefixtures("programs")
def test_a_kill_that_the_engine_never_notices_is_left_to_the_test_of_the_event(
    stack: DeployedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "NOTICE_SECONDS", 0.0)

    faults.kill_main_process(cast("Stack", stack))

    assert stack.listed == [100]


def test_crashing_for_good_is_the_engines_own_kill_which_no_policy_mends(stack: DeployedStack) -> None:
    faults.crash_for_good(cast("Stack", stack))

    assert stack.killed == ["c1"]


def test_wedging_stops_every_process_of_the_service(stack: DeployedStack, programs: Programs) -> None:
    faults.wedge(cast("Stack", stack))

    assert programs.calls("docker")[0].endswith(" kill STOP 100 101")


def test_signals_come_from_a_helper_that_is_labelled(stack: DeployedStack, programs: Programs) -> None:
    faults.wedge(cast("Stack", stack))

    (call,) = programs.calls("docker")
    assert {"--rm", "--pid=host", "--network=none", "--label=media-verify=run"} <= set(call.split())


@pytest.mark.parametrize(
    ("event", "steps"),
    [(faults.restart_engine, ["kill_daemon", "start_daemon"]), (faults.crash_host, ["crash", "boot"])],
    ids=["engine", "host"],
)
def test_power_goes_and_comes_back(event: Any, steps: list[str]) -> None:
    done: list[str] = []
    switch = SimpleNamespace(**{name: lambda name=name: done.append(name) for name in steps})

    event(cast("PrivateEngine", switch))

    assert done == steps


class MortalStack:
    """A stack of one service with a restart policy; `up` says whether it runs."""

    service = "web"

    def __init__(self, policy: str) -> None:
        self.policy = policy
        self.up = True
        self.composed: list[Sequence[str]] = []
        self.project = self  # one object is all the parts of it

    def running_services(self) -> list[str]:
        """The service, if it runs."""
        return ["web"] if self.up else []

    def containers(self, _: str) -> list[str]:
        """Its container, if it runs."""
        return self.running_services()

    def restart_policy(self, _: str) -> str:
        """Its policy."""
        return self.policy

    def compose(self, *args: str) -> None:
        """Remember what is asked of Compose."""
        self.composed.append(args)


def end(
    stack: Any,
    *,
    ends_service: bool = True,
    restarts_engine: bool = False,
    comes_back: bool = False,
    restart: Callable[[str], object] | None = None,
) -> list[str]:
    """End a service, and return what the operator types then."""
    typed: list[str] = []
    operator = SimpleNamespace(run_checked=restart or typed.append)
    event = faults.Event(
        "a crash",
        lambda seen, *_: setattr(seen, "up", comes_back),
        str,
        needs_private_engine=restarts_engine,
        ends_service=ends_service,
    )
    event.inject(stack, cast("Any", operator), cast("Any", None))
    return typed


@pytest.mark.parametrize("policy", ["always", "unless-stopped"])
def test_a_service_that_promises_to_come_back_has_to_do_so_by_itself(policy: str) -> None:
    stack = MortalStack(policy)

    assert end(stack) == stack.composed == []


def test_after_a_restart_of_the_engine_always_has_to_come_back_by_itself() -> None:
    assert end(MortalStack("always"), restarts_engine=True) == []


def test_what_an_engine_stops_when_it_comes_back_is_restarted_and_that_is_evidence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Docker takes its own stop for the one that `unless-stopped` means: the media are to be judged, not that."""
    with caplog.at_level("INFO", "verify.evidence"):
        assert end(MortalStack("unless-stopped"), restarts_engine=True) == ["restart"]

    promise = "`unless-stopped` does not promise that web comes back after a crash"
    assert f"{promise}: the guide's restart started it again" in caplog.messages


def test_what_came_back_with_the_engine_is_not_restarted() -> None:
    assert end(MortalStack("unless-stopped"), restarts_engine=True, comes_back=True) == []


@pytest.mark.parametrize("policy", ["no", "on-failure"])
def test_one_that_promises_nothing_is_restarted_as_the_guide_says(
    policy: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "verify.evidence"):
        assert end(MortalStack(policy)) == ["restart"]

    evidence = "no restart policy promises that web comes back after a crash: the guide's restart started it again"
    assert evidence in caplog.messages


def test_without_a_restart_in_the_guide_it_is_brought_up() -> None:
    def restart(_: str) -> None:
        raise Unproven("no restart command")

    stack = MortalStack("no")
    end(stack, restart=restart)

    assert stack.composed == [("up", "--detach")]


def test_an_event_that_ends_nothing_starts_nothing() -> None:
    assert end(MortalStack("no"), ends_service=False) == []


@pytest.mark.parametrize(
    ("states", "wedged"),
    [
        ([["100", "1", "T"], ["101", "100", "Ts"]], True),
        ([["100", "1", "T"], ["101", "100", "T"], ["102", "101", "S"]], False),
        ([["100", "1", "S"]], False),
        ([["100", "1", "T"], ["200", "1", "S"]], True),
        ([], False),
    ],
    ids=["all", "not a grandchild", "not the main one", "but a health check", "gone"],
)
def test_a_service_is_wedged_when_all_its_processes_are_stopped(states: list[list[str]], *, wedged: bool) -> None:
    container = SimpleNamespace(
        attrs={"State": {"Pid": 100}},
        top=lambda ps_args: {"Processes": states} if ps_args == "-eo pid,ppid,stat" else {},
    )
    stack = SimpleNamespace(service="web", project=SimpleNamespace(containers=lambda _: [container]))

    assert faults.is_wedged(cast("Any", stack)) is wedged
