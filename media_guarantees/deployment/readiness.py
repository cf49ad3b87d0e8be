"""Whether the service is ready, how long that is waited for, and how a stack that a test broke is repaired."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.core.waiting import wait_until
from media_guarantees.deployment.compose_project import DOWN, ComposeProject
from media_guarantees.deployment.endpoint import Endpoint
from media_guarantees.deployment.sandbox.project_folder import write_model

if TYPE_CHECKING:
    from docker.models.containers import Container

READY_SECONDS = 60.0
# Where the upload API is described, the service will answer: a first start may make a database.
DESCRIBED_SECONDS = 180.0
REPAIR_SECONDS = 10.0
# Each look at the service costs the engine several requests: they become rarer, and add at most this share to a start.
SLOWING = 0.03
# A later start may take AGAIN_TIMES as long as the slowest start so far, but at least AGAIN_SECONDS.
AGAIN_TIMES, AGAIN_SECONDS = 20, 30.0
# A start that takes long is reported on this often.
REPORT_SECONDS = 20.0


class ServiceHealth:
    """The readiness of `service`; `answers` returns whether it is ready now.

    `health_seconds` returns for how long its health check allows it to start.
    """

    def __init__(
        self,
        project: ComposeProject,
        service: str,
        answers: Callable[[], bool],
        health_seconds: Callable[[], float] = float,
    ) -> None:
        self._project = project
        self._service = service
        self._answers = answers
        self._health_seconds = health_seconds
        self._gave_up = False
        self._starts: list[float] = []

    def up(self, *, within: float = READY_SECONDS) -> None:
        """Start what doesn't run, as a deploy does, and wait until the service is ready."""
        self._project.compose("up", "--detach")
        self.wait_until_ready(within=within)

    @property
    def start_seconds(self) -> float:
        """How long to wait for a start, by how long the ones before it took."""
        return min(READY_SECONDS, max(AGAIN_SECONDS, AGAIN_TIMES * max(self._starts, default=READY_SECONDS)))

    def wait_until_ready(self, *, within: float = READY_SECONDS) -> None:
        """Wait `within` seconds until the service answers, and longer where its health check allows a longer start.

        The time is shorter after `stop_recovering`, and for a service that has come up sooner before. Raises
        `PromiseBroken` when it is over, or as soon as the service can't come up any more.
        """
        begun = time.monotonic()
        limit = self._limit(max(within, self._health_seconds()))
        answers = f"{self._service} answers"
        wait_until(self._answers, what=answers, seconds=limit, died=self._reporting(), slowing=SLOWING)
        self._starts.append(time.monotonic() - begun)

    def wait_for(self, endpoint: Endpoint, *, is_promised: bool = False) -> None:
        """Wait until HTTP is spoken at an endpoint of the service, or it is clear that it won't be.

        `is_promised` is whether the upload API is described. Raises `PromiseBroken` where neither is so in time.
        """
        begun = time.monotonic()
        seconds = DESCRIBED_SECONDS if is_promised else READY_SECONDS
        endpoint.find(died=self._reporting(), seconds=seconds, is_promised=is_promised)
        self._starts.append(time.monotonic() - begun)

    def _reporting(self) -> Callable[[], str | None]:
        """Return what says why the service won't come up any more, and reports on a start that takes long."""
        report = _StartReport(self._service, self._health_seconds, self._containers)

        def died() -> str | None:
            report.say_if_due()
            return self._exit_reason()

        return died

    def _limit(self, within: float) -> float:
        if self._gave_up:
            return REPAIR_SECONDS
        if not self._starts:
            return within
        return min(within, max(AGAIN_SECONDS, AGAIN_TIMES * max(self._starts)))

    def _containers(self) -> list[Container]:
        return self._project.containers(self._service, running_only=False)

    def _exit_reason(self) -> str | None:
        """Why the service won't come up any more: it ended, and no restart policy brings it back."""
        for container in self._containers():
            policy = container.attrs["HostConfig"]["RestartPolicy"]["Name"]
            if container.status in {"exited", "dead"} and policy in {"", "no"}:
                lines = container.logs(tail=5).decode(errors="replace").strip()
                return f"its container ended with status {container.attrs['State']['ExitCode']}: {lines}"
        return None

    def recover(self) -> None:
        """Make sure that the service is ready before a test begins; repair the stack if the last test broke it.

        What can't be repaired is recreated with an empty volume. Where that doesn't help either, it is not tried
        again: raises `PromiseBroken` at once.
        """
        if self._answers():
            return
        if self._gave_up:
            raise PromiseBroken(f"{self._service} is still not ready after a restart and a start from an empty volume")
        journal.progress("stack: the last test left it broken; starting it again")
        write_model(self._project.model, self._project.folder)
        try:
            self.up(within=REPAIR_SECONDS)
        except PromiseBroken:
            self.recreate()

    def stop_recovering(self) -> None:
        """Stop repairing the stack; test the service in its current state."""
        self._gave_up = True

    def recreate(self) -> None:
        """Recreate the stack with empty volumes. Raises `PromiseBroken` if it doesn't become ready."""
        journal.progress("stack: recreating it with empty volumes")
        try:
            self._project.compose(*DOWN)
            self.up()
        except PromiseBroken:
            self.stop_recovering()
            raise


class _StartReport:
    """Reports, from time to time, how a start goes that takes long."""

    def __init__(
        self, service: str, health_seconds: Callable[[], float], containers: Callable[[], Iterable[Container]]
    ) -> None:
        self._service = service
        self._health_seconds = health_seconds
        self._containers = containers
        self._due = time.monotonic() + REPORT_SECONDS

    def say_if_due(self) -> None:
        """Report the container's state and its last line, and for how long the health check allows the start."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + REPORT_SECONDS
        allowed = self._health_seconds()
        allows = f"; its health check allows {allowed:g} s for that" if allowed else ""
        for container in self._containers():
            health = container.attrs["State"].get("Health", {}).get("Status", container.status)
            last = container.logs(tail=1).decode(errors="replace").strip() or "(nothing)"
            journal.progress(f"stack: {self._service} is {health}{allows}; it said last: {last}")


def is_healthy(containers: Iterable[Container]) -> bool:
    """Whether one of the running containers is healthy, or has no health check."""
    states = [container.attrs["State"] for container in containers]
    return any(state.get("Health", {}).get("Status", "healthy") == "healthy" for state in states)
