"""Whether the service is ready, how long that is waited for, and how a stack that a test broke is repaired."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.core.waiting import wait_until
from media_guarantees.deployment.compose_project import DOWN, ComposeProject, project_of
from media_guarantees.deployment.endpoint import Endpoint
from media_guarantees.deployment.health.failed_starts import FailedStarts
from media_guarantees.deployment.sandbox.project_folder import write_model

if TYPE_CHECKING:
    from docker.models.containers import Container

READY_SECONDS = 60.0
# Where the upload API is described, the service will answer: a first start may make a database.
DESCRIBED_SECONDS = 180.0
REPAIR_SECONDS = 10.0
# All of these are the least: a start may take longer where the owner's files allow it, or where it took longer before.
# Each look at the service costs the engine several requests: they become rarer, and add at most this share to a start.
SLOWING = 0.03
# A later start may take AGAIN_TIMES as long as the slowest start so far, but at least AGAIN_SECONDS. However little
# time there is otherwise, it may take SLOWEST_TIMES as long as that one.
AGAIN_TIMES, AGAIN_SECONDS, SLOWEST_TIMES = 20, 30.0, 2
_NANOSECONDS = 10**9
# Docker's defaults for a health check (Dockerfile reference, "HEALTHCHECK").
_CHECK_SECONDS, _CHECK_RETRIES = 30.0, 3
# A start that takes long is reported on this often.
REPORT_SECONDS = 20.0


class ServiceHealth:
    """The readiness of `service`; `answers` returns whether it is ready now.

    `allowance` returns the seconds that the owner's files allow for a start.
    """

    def __init__(
        self,
        project: ComposeProject,
        service: str,
        answers: Callable[[], bool],
        allowance: Callable[[], float] = float,
    ) -> None:
        self._project = project
        self._service = service
        self._answers = answers
        self._allowance = allowance
        self._failed_starts = FailedStarts(project, service)
        self._gave_up = False
        self._starts: list[float] = []

    def take_over(self, other: ServiceHealth) -> None:
        """Take over how long starts of the same service took elsewhere."""
        self._starts = [*other._starts]

    def up(self, *, within: float = READY_SECONDS) -> None:
        """Start what doesn't run, as a deploy does, and wait until the service is ready."""
        self._project.compose("up", "--detach")
        self.wait_until_ready(within=within)

    @property
    def start_seconds(self) -> float:
        """How long to wait for a start, by what the owner's files allow and by how long the ones before it took."""
        return self._limit(max(READY_SECONDS, self._allowance()))

    def wait_until_ready(self, *, within: float = READY_SECONDS) -> None:
        """Wait `within` seconds until the service answers, and longer where the owner's files allow a longer start.

        The time is shorter after `stop_recovering`, and for a service that has come up sooner before. Raises
        `PromiseBroken` when it is over, or as soon as the service can't come up any more, which is also so when it
        fails as it did in an earlier start that nothing has changed since.
        """
        begun = time.monotonic()
        allowed = self._allowance()
        limit = self._limit(max(within, allowed))
        answers = f"{self._service} answers" + (f"; its files allow {allowed:g} s for a start" if allowed else "")
        self._failed_starts.begin()
        try:
            wait_until(self._answers, what=answers, seconds=limit, died=self._reporting(), slowing=SLOWING)
        except PromiseBroken:
            self._failed_starts.remember()
            raise
        self._failed_starts.forget()
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
        report = _StartReport(self._service, self._allowance, self._containers)

        def died() -> str | None:
            report.say_if_due()
            return self._exit_reason()

        return died

    def _limit(self, within: float) -> float:
        if self._gave_up:
            return REPAIR_SECONDS
        if not self._starts:
            return within
        slowest = max(self._starts)
        return max(min(within, max(AGAIN_SECONDS, AGAIN_TIMES * slowest)), SLOWEST_TIMES * slowest)

    def _containers(self) -> list[Container]:
        return self._project.containers(self._service, running_only=False)

    def _exit_reason(self) -> str | None:
        """Why the service won't come up any more.

        It ended for good, it fails as an earlier start did, or a command started it in another project.
        """
        containers = self._containers()
        for container in containers:
            policy = container.attrs["HostConfig"]["RestartPolicy"]["Name"]
            if container.status in {"exited", "dead"} and policy in {"", "no"}:
                lines = container.logs(tail=5).decode(errors="replace").strip()
                return f"its container ended with status {container.attrs['State']['ExitCode']}: {lines}"
        return self._failed_starts.failed_before(containers) if containers else self._elsewhere()

    def _elsewhere(self) -> str | None:
        """In which other project the service runs, with which volumes. Raises `Unproven` where these are the same."""
        own = {volume.get("name") for volume in (self._project.model.get("volumes") or {}).values()}
        for container in self._project.strays(self._service):
            volumes = [mount["Name"] for mount in container.attrs["Mounts"] if mount.get("Name")]
            where = (
                f"the project {self._project.name} is down, and {project_of(container)} runs instead, with "
                f"{' and '.join(volumes) or 'no volume'}"
            )
            if volumes and own.issuperset(volumes):
                raise Unproven(f"{where}: they are the same, but only one project is judged here")
            return where
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
        self._project.remove_strays()
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
        self, service: str, allowance: Callable[[], float], containers: Callable[[], Iterable[Container]]
    ) -> None:
        self._service = service
        self._allowance = allowance
        self._containers = containers
        self._due = time.monotonic() + REPORT_SECONDS

    def say_if_due(self) -> None:
        """Report the container's state and its last line, and how long the owner's files allow the start to take."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + REPORT_SECONDS
        allowed = self._allowance()
        allows = f"; its files allow {allowed:g} s for that" if allowed else ""
        for container in self._containers():
            health = container.attrs["State"].get("Health", {}).get("Status", container.status)
            last = container.logs(tail=1).decode(errors="replace").strip() or "(nothing)"
            journal.progress(f"stack: {self._service} is {health}{allows}; it said last: {last}")


def is_healthy(containers: Iterable[Container]) -> bool:
    """Whether one of the running containers is healthy, or has no health check."""
    states = [container.attrs["State"] for container in containers]
    return any(state.get("Health", {}).get("Status", "healthy") == "healthy" for state in states)


def start_allowance(project: ComposeProject, service: str) -> float:
    """Return the seconds until `service` must be healthy; 0 where no health check says anything of it.

    Services that must be healthy before it starts (``depends_on``) have their time first. The engine is asked, which
    knows the health check of an image too, and of a container that has ended.
    """
    return _allowance(project, service, ())


def _allowance(project: ComposeProject, service: str, above: tuple[str, ...]) -> float:
    awaited: dict[str, Any] = dict(project.model["services"].get(service, {}).get("depends_on") or {})
    first = [
        _allowance(project, name, (*above, service))
        for name, how in awaited.items()
        if (how or {}).get("condition") == "service_healthy" and name not in above
    ]
    containers = project.containers(service, running_only=False)
    own = [_seconds(container.attrs["Config"].get("Healthcheck") or {}) for container in containers]
    return max(own, default=0.0) + max(first, default=0.0)


def _seconds(check: dict[str, Any]) -> float:
    if not check or check.get("Test") == ["NONE"]:
        return 0.0
    period, interval = (check.get(name, 0) / _NANOSECONDS for name in ("StartPeriod", "Interval"))
    return float(period + (interval or _CHECK_SECONDS) * ((check.get("Retries") or _CHECK_RETRIES) + 1))
