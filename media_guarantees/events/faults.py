"""The faults that deployments meet: recreation, updates, crashes and hangs of the service, the engine and the host."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from media_guarantees.core import journal
from media_guarantees.core.errors import Unproven
from media_guarantees.core.waiting import DeadlineExceeded, wait_until
from media_guarantees.deployment.stack import ServiceState, Stack
from media_guarantees.engine import helper_container
from media_guarantees.engine.connection import Engine
from media_guarantees.engine.private_engine import PrivateEngine
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.system import commands
from media_guarantees.system.run_id import RUN_LABEL

if TYPE_CHECKING:
    from docker.models.containers import Container

# The restart policies that start a container again after any exit (docker-run(1), "--restart"). An engine that finds
# containers of the one before it stops them, and takes that for the stop that `unless-stopped` means.
ALWAYS, UNLESS_STOPPED = "always", "unless-stopped"
RETURNING = {ALWAYS, UNLESS_STOPPED}
END_SECONDS = 5.0
NOTICE_SECONDS = 30.0


def recreate(stack: Stack) -> None:
    """Recreate the service's container, as a deploy does."""
    stack.project.compose("up", "--detach", "--force-recreate", stack.service)


def update(stack: Stack) -> None:
    """Deploy an update of the service: its own image with one label more, under a new tag."""
    image = f"{stack.project.name}-{stack.service}-update:{stack.run.identifier}"
    dockerfile = f"FROM {stack.container().attrs['Config']['Image']}\nLABEL {RUN_LABEL}={stack.run.identifier}\n"
    stack.project.docker("build", "--quiet", "--tag", image, "-", stdin=dockerfile.encode())
    updated = copy.deepcopy(stack.model)
    updated["services"][stack.service].pop("build", None)
    updated["services"][stack.service]["image"] = image
    stack.project.deploy(updated)


def kill_main_process(stack: Stack) -> None:
    """Send SIGKILL to the service's main process, from outside as the kernel's out-of-memory killer would.

    `docker kill` won't do: it also makes the engine not restart the container (docker-run(1), "--restart").
    """
    killed = stack.identity().process
    _signal(stack, "KILL", [killed])
    # The engine lists the container as running until it notices the end, and only then starts it again.
    with suppress(DeadlineExceeded):
        wait_until(
            lambda: killed not in _main_processes(stack),
            what=f"the engine notices the end of {stack.service}",
            seconds=NOTICE_SECONDS,
        )


def _main_processes(stack: Stack) -> list[int]:
    return [container.attrs["State"]["Pid"] for container in stack.project.containers(stack.service)]


def crash_for_good(stack: Stack) -> None:
    """Kill the service in a way after which no restart policy starts it again."""
    for container in stack.project.containers(stack.service):
        container.kill()


def wedge(stack: Stack) -> None:
    """Freeze every process of the service: its port stays open, but no request is answered."""
    for container in stack.project.containers(stack.service):
        listed = container.top(ps_args="-eo pid")
        _signal(stack, "STOP", [int(row[0]) for row in listed["Processes"]])


def is_wedged(stack: Stack) -> bool:
    """Whether every process of the service is stopped, as its process table shows (ps(1), "T").

    A health check that the engine starts in the container is none of its processes: it is no child of the main one.
    """
    states = [state for container in stack.project.containers(stack.service) for state in _states(container)]
    return bool(states) and all(state.startswith("T") for state in states)


def _states(container: Container) -> list[str]:
    """Return the states of the main process and of all that it started."""
    table = [
        (int(pid), int(parent), str(state))
        for pid, parent, state in container.top(ps_args="-eo pid,ppid,stat")["Processes"]
    ]
    own = {int(container.attrs["State"]["Pid"])}
    while more := {pid for pid, parent, _ in table if parent in own} - own:
        own |= more
    return [state for pid, _, state in table if pid in own]


def restart_engine(engine: PrivateEngine) -> None:
    """Kill the engine's daemon and start it again; containers may keep running."""
    engine.kill_daemon()
    engine.start_daemon()


def crash_host(engine: PrivateEngine) -> None:
    """Kill every process of the engine and of all containers at the same moment, then boot."""
    engine.crash()
    engine.boot()


def _signal(stack: Stack, name: str, processes: Sequence[int]) -> None:
    """Send a signal from the engine's own process-id name space, which sees the container's processes."""
    beside = helper_container.command(stack.run.labels, "--pid=host", "--network=none")
    script = ["bash", "-c", 'kill -"$@"', "kill", name, *map(str, processes)]
    commands.check([*beside, *script], env=stack.environment)


@dataclass(frozen=True)
class Event:
    """A fault that can be injected into a deployment, and the mark that changes when it happens.

    It may need a private engine, or the guide's command for `procedure`. `ends_service` is whether it
    leaves the service ended unless a restart policy starts it again.
    """

    name: str
    action: Callable[[Stack, Operator, Engine], object]
    mark: Callable[[ServiceState], object]
    needs_private_engine: bool = False
    procedure: str = ""
    ends_service: bool = False

    def inject(self, stack: Stack, operator: Operator, engine: Engine) -> None:
        """Inject the fault. Start again what ended and no restart policy brings back, as an operator would."""
        running = stack.project.running_services()
        self.action(stack, operator, engine)
        if self.ends_service:
            start_again(stack, operator, running, event=self)


def start_again(stack: Stack, operator: Operator, running: Collection[str], *, event: Event) -> None:
    """Start the services that were `running`, have ended in an event, and that no restart policy starts again.

    That is done by the guide's restart, or by `up` where the guide has none.
    """
    policies = {service: stack.project.restart_policy(service) for service in running}
    stopped = _stopped_by_engine(stack, policies) if event.needs_private_engine else []
    mortal = [service for service, policy in policies.items() if policy not in RETURNING] + stopped
    if not mortal:
        return
    # A container whose process was killed may be listed as running for a moment.
    with suppress(DeadlineExceeded):
        wait_until(lambda: not stack.project.containers(mortal[0]), what=f"{mortal[0]} has ended", seconds=END_SECONDS)
    if not set(mortal) - set(stack.project.running_services()):
        return
    try:
        operator.run_checked("restart")
        by = "the guide's restart"
    except Unproven:
        stack.project.compose("up", "--detach")
        by = "`docker-compose up -d`"
    promise = "`unless-stopped` does not promise" if stopped else "no restart policy promises"
    journal.add_evidence(f"{promise} that {' and '.join(mortal)} comes back after {event.name}: {by} started it again")


def _stopped_by_engine(stack: Stack, policies: Mapping[str, str]) -> list[str]:
    """The services that an engine which came back has stopped and will not start: it answers when that is decided."""
    up = stack.project.running_services()
    return [service for service, policy in policies.items() if policy == UNLESS_STOPPED and service not in up]


def require_private(engine: Engine) -> PrivateEngine:
    """Return the private engine. Raises `ValueError` for a shared engine, which must not be killed."""
    if engine.private_engine is None:
        raise ValueError("only a private engine can be killed")
    return engine.private_engine


EVENTS = {
    "persistence.recreate": Event(
        "recreating the container",
        lambda stack, _operator, _engine: recreate(stack),
        lambda seen: seen.container,
    ),
    "persistence.update": Event(
        "deploying a new image",
        lambda stack, _operator, _engine: update(stack),
        lambda seen: seen.image,
    ),
    "persistence.down_up": Event(
        "the guide's restart",
        lambda _stack, operator, _engine: operator.run_checked("restart"),
        lambda seen: (seen.process, seen.started),
        procedure="restart",
    ),
    "persistence.kill": Event(
        "killing the main process",
        lambda stack, _operator, _engine: kill_main_process(stack),
        lambda seen: (seen.process, seen.started),
        ends_service=True,
    ),
    "persistence.engine_restart": Event(
        "killing the engine and starting it",
        lambda _stack, _operator, engine: restart_engine(require_private(engine)),
        lambda seen: seen.engine,
        needs_private_engine=True,
        ends_service=True,
    ),
    "persistence.host_crash": Event(
        "crashing the host and booting it",
        lambda _stack, _operator, engine: crash_host(require_private(engine)),
        lambda seen: (seen.engine, seen.started),
        needs_private_engine=True,
        ends_service=True,
    ),
}
