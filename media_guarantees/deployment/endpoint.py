"""Where a service can be asked from this machine: the first of its published ports at which HTTP is spoken."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from media_guarantees.core import journal
from media_guarantees.core.waiting import wait_until
from media_guarantees.deployment.port_probe import Protocol, spoken_at

if TYPE_CHECKING:
    from docker.models.containers import Container

# A port of a container without a health check is taken for closed when it has run for so long and says nothing.
SILENT_SECONDS = 20.0


class Endpoint:
    """An endpoint of `service`. Which port it is, and whether TLS is spoken there, is known once it was found.

    `allowance` returns the seconds that the owner's files allow for a start. `unserved` says why no request is
    possible, and is empty otherwise.
    """

    def __init__(
        self,
        service: str,
        containers: Callable[[], Sequence[Container]],
        ports: Callable[[], Sequence[int]],
        allowance: Callable[[], float] = float,
    ) -> None:
        self._service = service
        self._containers = containers
        self._ports = ports
        self._allowance = allowance
        self._found: tuple[str, int] | None = None
        self._silence = ""
        self._running: dict[str, float] = {}

    @property
    def unserved(self) -> str:
        """Why no request is possible; empty where one is."""
        return self._silence or ("" if self._ports() else f"{self._service} publishes and exposes no port")

    @property
    def port(self) -> int:
        """The port inside the container. Raises `LookupError` without one."""
        if self._found:
            return self._found[1]
        if not self._ports():
            raise LookupError(self.unserved)
        return self._ports()[0]

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return self._found[0] if self._found else "http"

    def address(self) -> str:
        """Return where it answers, e.g. ``http://127.0.0.1:32768``; raises `LookupError` while it isn't published."""
        return f"{self.scheme}://127.0.0.1:{self._published(self.port)}"

    def container(self) -> Container:
        """A running container of the service. Raises `LookupError` without one."""
        for container in self._containers():
            return container
        raise LookupError(f"{self._service} has no running container")

    def take_over(self, other: Endpoint) -> None:
        """Take over what was found out about the same service elsewhere."""
        self._found, self._silence = other._found, other._silence

    def find(self, *, died: Callable[[], str | None], seconds: float, is_promised: bool = False) -> None:
        """Wait until HTTP is spoken at one of the ports, or it is clear that it won't be.

        Where HTTP `is_promised`, as by a description of uploads, a port that says nothing is one that is not open yet.
        Raises `PromiseBroken` where neither is so in time, or as soon as the service has `died`.
        """
        if not self._ports():
            return
        spoken: dict[int, Protocol] = {}
        if (allowed := self._allowance()) > seconds:
            journal.progress(f"stack: waiting until {self._service} answers: its files allow {allowed:g} s for a start")
        wait_until(
            lambda: self._look(spoken, is_promised=is_promised),
            what=f"{self._service} answers",
            seconds=max(seconds, allowed),
            died=died,
            every=0.05,
        )
        if not self._found:
            said = " and ".join(_in_words(port, protocol) for port, protocol in spoken.items())
            self._silence = f"{self._service} publishes {said}"
            journal.progress(f"stack: {self._silence}: it is not asked for media")

    def _look(self, spoken: dict[int, Protocol], *, is_promised: bool) -> bool:
        for port in self._ports():
            try:
                spoken[port] = spoken_at(self._published(port))
            except LookupError:
                spoken[port] = "nothing"
            if spoken[port] in {"http", "https"}:
                self._found = (spoken[port], port)
                return True
        if all(protocol == "something else" for protocol in spoken.values()):
            return True
        return not is_promised and self._has_settled()

    def _published(self, port: int) -> int:
        for container in self._containers():
            for binding in container.attrs["NetworkSettings"]["Ports"].get(f"{port}/tcp") or ():
                return int(binding["HostPort"])
        raise LookupError(f"{self._service} publishes no port now")

    def _has_settled(self) -> bool:
        """Whether the container that is asked has had its time to open a port: it is healthy, or runs for long.

        Of several replicas that is the oldest; another may be ready sooner.
        """
        now = time.monotonic()
        for container in self._containers()[:1]:
            state = container.attrs["State"]
            since = self._running.setdefault(f"{container.id} {state['StartedAt']}", now)
            health = (state.get("Health") or {}).get("Status", "none")
            if state["Running"] and (health == "healthy" or (health == "none" and now - since > SILENT_SECONDS)):
                return True
        return False


def _in_words(port: int, protocol: Protocol) -> str:
    return f"port {port}, {'at which nothing answers' if protocol == 'nothing' else 'which speaks no HTTP'}"
