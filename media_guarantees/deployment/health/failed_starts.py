"""Starts of a service that failed: what can't come is not waited for a second time.

A service that its restart policy starts again and again may still come up, and so may one that is unhealthy. So its
start is waited for until the deadline. After one such failure, a later start under the same conditions is judged as
soon as it has failed in the same way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from media_guarantees.deployment.compose_project import ComposeProject
from media_guarantees.engine import helper_container
from media_guarantees.system import commands

if TYPE_CHECKING:
    from docker.models.containers import Container

# How often a container ends before its start counts as failed. It may end once or twice until its database is up.
ENDS = 3
_CONFIGURATION = "com.docker.compose.config-hash"
_PLACE = "/state"
# Names, types, modes, owners and sizes. Times differ between two volumes that were filled in the same way.
_ENTRIES = (
    *("find", _PLACE, "(", "-type", "d", "-printf", r"%P %y %m %U %G\0", ")"),
    *("-o", "-printf", r"%P %y %m %U %G %s %l\0"),
)


class Part(NamedTuple):
    """A container of the project: what it runs, where it has its mounts, and its state beside the service."""

    service: str
    image: str
    configuration: str
    mounts: tuple[str, ...]
    state: tuple[str, ...]


class Conditions(NamedTuple):
    """What a start depends on: the containers of the project, and a hash of all that they mount.

    A database counts as well: its service may fail until there are other data in it.
    """

    parts: tuple[Part, ...]
    entries: str


class FailedStarts:
    """The failed starts of `service`, each with how it failed and under which conditions."""

    def __init__(self, project: ComposeProject, service: str) -> None:
        self._project = project
        self._service = service
        self._known: set[tuple[str, Conditions]] = set()
        self._failing = ""
        self._looked_at: set[tuple[str, int]] = set()

    def begin(self) -> None:
        """Note that another start begins."""
        self._failing = ""
        self._looked_at.clear()

    def failed_before(self, containers: Iterable[Container]) -> str | None:
        """Return how this start has failed if an earlier one failed so under the same conditions; else None."""
        for container in containers:
            if (how := how_it_fails(container)) is None:
                continue
            self._failing = how
            if self._is_known(how, container):
                return f"its container {how}, as in an earlier start with the same image and the same volumes"
        return None

    def remember(self) -> None:
        """Remember that the start has failed, if it is known how."""
        if self._failing and (conditions := self._conditions()):
            self._known.add((self._failing, conditions))

    def forget(self) -> None:
        """Forget what failed under the conditions under which the service is ready now."""
        if self._known:
            now = self._conditions()
            self._known = {(how, conditions) for how, conditions in self._known if conditions != now}

    def _is_known(self, how: str, container: Container) -> bool:
        if how not in {known for known, _ in self._known}:
            return False
        # What is mounted is listed once for each end: that costs a container.
        moment = (str(container.id), int(container.attrs.get("RestartCount", 0)))
        if moment in self._looked_at:
            return False
        self._looked_at.add(moment)
        return (how, self._conditions()) in self._known

    def _conditions(self) -> Conditions | None:
        """Return the conditions of a start now; None if what is mounted can't be listed."""
        containers = [
            (service, container)
            for service in self._project.model["services"]
            for container in self._project.containers(service, running_only=False)
        ]
        entries = self._entries({source for _, container in containers for source in _sources(container)})
        parts = tuple(_part(service, container, beside=service != self._service) for service, container in containers)
        return None if entries is None else Conditions(parts, entries)

    def _entries(self, sources: Iterable[str]) -> str | None:
        """Return a hash of the entries of volumes and directories; None if they can't be listed."""
        volumes = [f"--volume={source}:{_PLACE}/{number}:ro" for number, source in enumerate(sorted(sources))]
        if not volumes:
            return ""
        helper = helper_container.command(self._project.run.labels, "--network=none", *volumes)
        listed = commands.run([*helper, *_ENTRIES], env=self._project.environment)
        return hashlib.sha256(b"\0".join(sorted(listed.stdout.split(b"\0")))).hexdigest() if listed.ok else None


def _sources(container: Container) -> list[str]:
    """Return the volumes and directories that a container mounts."""
    mounts = [mount for mount in container.attrs["Mounts"] if mount["Type"] in {"volume", "bind"}]
    return [mount["Source"] if mount["Type"] == "bind" else mount["Name"] for mount in mounts]


def _part(service: str, container: Container, *, beside: bool) -> Part:
    attrs = container.attrs
    health = (attrs["State"].get("Health") or {}).get("Status", "")
    return Part(
        service,
        attrs["Image"],
        (attrs["Config"].get("Labels") or {}).get(_CONFIGURATION, ""),
        tuple(sorted(mount["Destination"] for mount in attrs["Mounts"])),
        (container.status, health) if beside else (),
    )


def how_it_fails(container: Container) -> str | None:
    """Return how a container's start has failed so far; None while it has not."""
    state = container.attrs["State"]
    if (state.get("Health") or {}).get("Status") == "unhealthy":
        return "is unhealthy"
    if container.status in {"restarting", "exited"} and container.attrs.get("RestartCount", 0) >= ENDS:
        return f"ends again and again with status {state['ExitCode']}"
    return None
