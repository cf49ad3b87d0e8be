"""A running deployment on a live engine, found by Compose's labels. It is read and never changed.

A volume is read in a helper container that mounts it read-only. In the service's container, two files of /proc and
where the media root leads are read, and nothing else is done.
"""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import testinfra

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput, PromiseBroken
from media_guarantees.deployment.compose.media_mount import Mount, mounts_of, require_mount, require_volume
from media_guarantees.deployment.container_proc import InnerMount, User, covering_inner, read_mountinfo, read_user
from media_guarantees.engine import helper_container
from media_guarantees.engine.connection import Engine, server_version
from media_guarantees.gate.volume_scan import Choice, Helper, VolumeScan, scan_volume
from media_guarantees.system import commands
from media_guarantees.system.run_id import Run, expiring, sweep_engine

_SERVICE, _PROJECT, _ONE_OFF = (f"com.docker.compose.{label}" for label in ("service", "project", "oneoff"))
# What the helper's image must have: the same tools as the guide's commands need, and GNU find.
_TOOLS = "find --version | grep -q GNU && command -v xargs sha256sum sort uniq nproc flock"


@dataclass(frozen=True)
class Volume:
    """A volume's identity, which another volume of the same name does not share."""

    name: str
    created: str
    driver: str
    options: Mapping[str, str]

    def __str__(self) -> str:
        """Return the name, and when it was created."""
        return f"{self.name}, made {self.created}"


@dataclass(frozen=True)
class Replica:
    """One running container of the service.

    `mounts` is what the engine says that it mounts; `inner` is what its own processes see mounted above, at and below
    the media root, None where that can't be read.
    """

    identifier: str
    name: str
    image: str
    started: str
    project: str
    ports: tuple[int, ...]
    mounts: tuple[Mount, ...]
    inner: tuple[InnerMount, ...] | None


@contextmanager
def live_engine(run: Run, host: str = "") -> Iterator[Engine]:
    """Reach the engine that `host` names: ``ssh://…``, a Docker context, or "" for the environment's own choice.

    What runs that are over left there is removed, and in the end whatever this one made. Raises `BadInput` where no
    engine answers.
    """
    environment = dict(os.environ)
    if host:
        for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
            environment.pop(name, None)
        environment["DOCKER_HOST" if "://" in host else "DOCKER_CONTEXT"] = host
    engine = Engine("live", environment, (), server_version(environment), "")
    sweep_engine(environment)
    try:
        yield engine
    finally:
        sweep_engine(environment, lambda text: run.identifier in text)


class Live:
    """The service, as it runs now. `project` chooses one of several Compose projects that have such a service."""

    def __init__(self, engine: Engine, run: Run, *, service: str, media_root: str, project: str = "") -> None:
        self.engine = engine
        self.labels = expiring(run.labels)
        self.service = service
        self.media_root = posixpath.normpath(media_root)
        self._project = project
        self._volumes: dict[str, Volume] = {}

    @cached_property
    def engine_id(self) -> str:
        """The engine's own identifier."""
        return self._ask("info", "--format", "{{.ID}}")

    def _ask(self, *args: str) -> str:
        """Run a `docker` command; raises `CommandFailed`, which is no fault of the deployment."""
        return commands.check(["docker", *args], env=self.engine.environment).text

    def running(self, service: str) -> list[dict[str, Any]]:
        """Return what the engine says about each running container of `service` in the project, oldest first."""
        listed = self._ask("ps", "--no-trunc", "--quiet", "--filter", f"label={_SERVICE}={service}").split()
        found = json.loads(self._ask("container", "inspect", *listed)) if listed else []
        found = [each for each in found if each["Config"]["Labels"].get(_ONE_OFF, "False") != "True"]
        projects = sorted({each["Config"]["Labels"].get(_PROJECT, "") for each in found})
        if self._project:
            found = [each for each in found if each["Config"]["Labels"].get(_PROJECT) == self._project]
        elif len(projects) > 1:
            raise BadInput(
                f"{len(projects)} Compose projects on this engine run a service {service}: {', '.join(projects)}",
                f"say which is meant: PROJECT={projects[0]}",
            )
        return sorted(found, key=lambda each: str(each["Created"]))

    @cached_property
    def replicas(self) -> tuple[Replica, ...]:
        """The service's running containers, as they were first seen. Raises `PromiseBroken` if there is none."""
        if found := self.running(self.service):
            return tuple(self._replica(each) for each in found)
        raise PromiseBroken(
            f"{self.service} has no running container" + (f" in the project {self._project}" if self._project else ""),
            means="the platform is down: no one can see or upload a picture",
            next_step=f"docker ps --all --filter label={_SERVICE}={self.service}",
        )

    def _replica(self, inspected: Mapping[str, Any]) -> Replica:
        identifier = str(inspected["Id"])
        return Replica(
            identifier,
            str(inspected["Name"]).lstrip("/"),
            str(inspected["Image"]),
            str(inspected["State"]["StartedAt"]),
            str(inspected["Config"]["Labels"].get(_PROJECT, "")),
            ports_of(inspected),
            mounts_of(inspected),
            self._inner_mounts(identifier),
        )

    @cached_property
    def place(self) -> str:
        """Where the media root really is in the service's containers: symbolic links of the image followed.

        It stays as it was given where no container runs, or where it has no readlink(1) to say so.
        """
        for each in self.running(self.service):
            identifier = str(each["Id"])
            with journal.timed("command", f"docker exec {identifier[:12]}, by testinfra: readlink") as event:
                read = testinfra.get_host(f"docker://{identifier}").run("readlink -f -- %s", self.media_root)
                event.status = read.rc
            if read.rc == 0 and read.stdout.startswith("/"):
                return str(read.stdout).rstrip("\n")
        return self.media_root

    def _read_inside(self, container: str, file: str) -> str | None:
        """Read a file in a container; None if it has no program for that."""
        with journal.timed("command", f"docker exec {container[:12]}, by testinfra: cat {file}") as event:
            read = testinfra.get_host(f"docker://{container}").run("cat %s", file)
            event.status = read.rc
        return str(read.stdout) if read.rc == 0 else None

    def _inner_mounts(self, container: str) -> tuple[InnerMount, ...] | None:
        mountinfo = self._read_inside(container, "/proc/self/mountinfo")
        return None if mountinfo is None else read_mountinfo(mountinfo, self.place)

    def user(self, container: str) -> User | None:
        """Return the user of the service's main process; None if that can't be read."""
        return read_user(self._read_inside(container, "/proc/1/status") or "")

    def mount_of(self, replica: Replica) -> Mount:
        """Return the mount that keeps what a container writes to the media root. Raises `PromiseBroken` without one."""
        listed = {mount.target for mount in replica.mounts}
        others = (each.mount for each in replica.inner or () if each.point not in listed)
        return require_mount([*replica.mounts, *others], self.place, replica.name)

    def volume_of(self, replica: Replica) -> Volume:
        """Return the volume that backs the media root of a container. Raises `PromiseBroken` if there is none."""
        return self.volume(require_volume(self.mount_of(replica), self.place, replica.name))

    def folder_of(self, replica: Replica) -> str:
        """Return where in their volume the media of a container lie; "" for its root."""
        return self.mount_of(replica).folder_of(self.place)

    def is_writable(self, replica: Replica) -> bool:
        """Whether the media root is mounted for writing too, for the engine and for the container's processes."""
        inner = covering_inner(replica.inner or (), self.place)
        return not self.mount_of(replica).read_only and (inner is None or inner.writable)

    def overmounts(self, replica: Replica) -> tuple[str, ...]:
        """Return the paths below the media root at which something else is mounted."""
        points = {mount.target for mount in replica.mounts} | {each.point for each in replica.inner or ()}
        return tuple(sorted(point for point in points if point.startswith(f"{self.place}/")))

    def mount_root(self, replica: Replica) -> str:
        """Return the folder, within its file system, that the container sees at the media root; "" if unknown."""
        inner = covering_inner(replica.inner or (), self.place)
        return inner.shows(self.place) if inner else ""

    def volume(self, name: str) -> Volume:
        """Return the volume called `name`, which exists. Asking never makes one.

        What an engine reports as a volume's creation is when its directory last changed: after a `chmod` it would pass
        for another. So stat(1) reads the directory's inode and when it was created ("%w").
        """
        if name not in self._volumes:
            inspected = self.inspect_volume(name)
            ask = self.volume_helper(name)(["env", "TZ=UTC", "LC_ALL=C", "stat", "--format=%w, inode %i", "."])
            born = commands.check(ask, env=self.engine.environment).text
            self._volumes[name] = Volume(inspected["Name"], born, inspected["Driver"], inspected.get("Options") or {})
        return self._volumes[name]

    def inspect_volume(self, name: str) -> dict[str, Any]:
        """Return what the engine says of the volume `name`, which exists."""
        (inspected,) = json.loads(self._ask("volume", "inspect", name))
        return dict(inspected)

    def has_volume(self, name: str) -> bool:
        """Whether there is a volume called `name`."""
        return self.engine.docker("volume", "inspect", name).ok

    @cached_property
    def helper_image(self) -> str:
        """The image that helper containers are made of: one that is on the engine, if any there has the tools.

        The guide's own `ubuntu`, else the service's; only where neither will do is `ubuntu` pulled, which is said.
        """
        if self.engine.docker("image", "inspect", helper_container.IMAGE).ok:
            return helper_container.IMAGE
        for replica in self.replicas:
            if self.engine.docker(*self._run(replica.image, [])[1:], "bash", "-c", _TOOLS).ok:
                journal.add_evidence(
                    f"{helper_container.IMAGE} is not on the engine: the volume is read with the service's own image"
                )
                return replica.image
        journal.progress(f"images: pulling {helper_container.IMAGE}, as no image on the engine has bash and GNU find")
        self._ask("pull", "--quiet", helper_container.IMAGE)
        journal.add_evidence(f"{helper_container.IMAGE} was pulled: no image on the engine had bash and GNU find")
        return helper_container.IMAGE

    def _run(self, image: str, options: Sequence[str]) -> list[str]:
        # Root, but for no more than to read: not even root's own files could be written, were the mount not read-only.
        rights = ["--user=0", "--cap-drop=ALL", "--cap-add=DAC_READ_SEARCH", "--security-opt=no-new-privileges"]
        labels = helper_container.label_arguments(self.labels)
        return ["docker", "run", "--rm", "--pull=never", *rights, *labels, *options, "--entrypoint=", image]

    def volume_helper(self, volume: str, folder: str = "") -> Helper:
        """Return what makes a command that runs in a container that mounts `volume` read-only, in a `folder` of it."""
        if not self.has_volume(volume):  # naming it would make it
            raise PromiseBroken(f"there is no volume {volume} on the engine any more")
        place = [f"--workdir={posixpath.join('/volume', folder)}", f"--volume={volume}:/volume:ro,nocopy"]
        return self.helper(*place)

    def helper(self, *options: str) -> Helper:
        """Return what makes a command that runs in a container without a network, with further `options`."""
        base = self._run(self.helper_image, ["--network=none", "--interactive", *options])
        return lambda args: [*base, *args]

    def scan(self, volume: str, folder: str, choose: Choice | None = None) -> VolumeScan:
        """Scan a `folder` of `volume`: all contents, or the chosen ones. A folder that isn't there holds nothing."""
        environment = self.engine.environment
        if folder:
            ask = self.volume_helper(volume)(["bash", "-c", '! test -d "$1" || echo there', "bash", folder])
            if not commands.check(ask, env=environment).text:
                return VolumeScan()
        return scan_volume(self.volume_helper(volume, folder), environment, choose=choose)

    def network_helper(self, container: str) -> list[str]:
        """Return a command that runs a program in a helper container in the network namespace of `container`."""
        return self._run(self.helper_image, ["--interactive", f"--network=container:{container}"])


def ports_of(inspected: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the TCP ports that a container publishes, then those that it exposes."""
    known = inspected["NetworkSettings"].get("Ports") or {}
    ports = [*sorted(known, key=lambda port: not known[port]), *(inspected["Config"].get("ExposedPorts") or {})]
    return tuple(dict.fromkeys(int(port.partition("/")[0]) for port in ports if port.endswith("tcp")))
