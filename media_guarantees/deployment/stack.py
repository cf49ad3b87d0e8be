"""The running deployment: its containers, its volume, its address, and how to make things happen to it."""

from __future__ import annotations

import os
import posixpath
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
import docker.errors
import requests
from docker.models.containers import Container

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.core.waiting import wait_until
from media_guarantees.deployment.compose_model import Deployment, Model
from media_guarantees.deployment.endpoint import Endpoint
from media_guarantees.deployment.media_mount import Mount, mounts_of, require_mount, require_volume
from media_guarantees.deployment.sandbox.project_folder import write_model
from media_guarantees.deployment.service_container import ServiceContainer
from media_guarantees.engine import helper_container
from media_guarantees.media.media_volume import VolumeMedia, is_directory
from media_guarantees.media.upload_api import UploadApi
from media_guarantees.media.upload_client import CONNECT, ExecPlatform, HttpPlatform, Platform, UnpublishedPlatform
from media_guarantees.system import commands
from media_guarantees.system.run_id import RUN_LABEL, Run

READY_SECONDS = 60.0
# Somebody described how it takes uploads, so it will answer: a first start may make a database.
DESCRIBED_SECONDS = 180.0
MEND_SECONDS = 10.0
# What came up in a second at first won't take a minute later: it has so many times as long as then, and at least this.
AGAIN_TIMES, AGAIN_SECONDS = 20, 30.0
_DOWN = ("down", "--volumes", "--remove-orphans")


@dataclass(frozen=True)
class ServiceState:
    """What tells one life of the service from the next, and one volume from another.

    `volume` is what backs the media: a volume's name, or the path of a host's directory. `engine` is the life of a
    private engine's daemon; empty on a shared one, which never ends.
    """

    container: str
    image: str
    process: int
    started: str
    volume: str
    volume_created: str
    engine: str


class Stack:
    """One deployment, up in its sandbox. `folder` is the operator's, with the compose file and the scripts."""

    def __init__(
        self,
        *,
        deployment: Deployment,
        model: Model,
        run: Run,
        folder: Path,
        media_root: str,
        compose: Sequence[str],
        environment: Mapping[str, str],
        token: str,
        engine_process: Callable[[], str] = str,
        is_local: bool = False,
        deviations: Sequence[str] = (),
        upload_api: UploadApi = CONNECT,
        media_server: tuple[str, int] | None = None,
    ) -> None:
        self.deployment = deployment
        self.model = model
        self.run = run
        self.folder = folder
        self.service = deployment.service
        self.media_root = posixpath.normpath(media_root)
        self.environment = dict(environment)
        self.token = token
        self._engine_process = engine_process
        self._is_local = is_local
        self._unrecoverable = False
        self._came_up_within: list[float] = []
        self._compose = tuple(compose)
        self.inside = ServiceContainer(self.container, self.service, self.environment, run.labels)
        self.endpoint = Endpoint(self.service, lambda: self.containers(self.service), lambda: self._tcp_ports)
        self.media_server = media_server
        self.media_endpoint = self._endpoint_of(media_server) if media_server else self.endpoint
        self._serving: dict[str, Any] = {"api": upload_api, "media_address": self.media_endpoint.address}
        self._api = HttpPlatform(self.address, token, **self._serving)
        self.platform: Platform = self._api if self._tcp_ports else self._through_exec()
        self.deviations = tuple(deviations)

    @cached_property
    def client(self) -> docker.DockerClient:
        """The engine's API."""
        client = docker.DockerClient.from_env(environment=self.environment)
        client.api.trust_env = False  # looking for proxies costs more than the engine's answer
        client.api.hooks["response"].append(_journal_api_call)
        return client

    @property
    def project(self) -> str:
        """The name of the sandbox's Compose project."""
        return str(self.model["name"])

    def try_compose(self, *args: str) -> commands.Outcome:
        """Run `docker-compose` in the operator's folder and return how it ended."""
        return commands.run([*self._compose, *args], cwd=self.folder, env=self.environment)

    def compose(self, *args: str) -> commands.Outcome:
        """Run `docker-compose` in the operator's folder; a status other than 0 is a broken promise."""
        outcome = self.try_compose(*args)
        if not outcome.ok:
            raise PromiseBroken(str(outcome))
        return outcome

    def docker(self, *args: str, **options: Any) -> commands.Outcome:
        """Run the `docker` client; the suite's own need, so a status other than 0 is an error."""
        return commands.check(["docker", *args], env=self.environment, **options)

    def containers(self, service: str, *, running_only: bool = True) -> list[Container]:
        """Return the containers of `service`, oldest first."""
        labels = [f"com.docker.compose.project={self.project}", f"com.docker.compose.service={service}"]
        found = self.client.containers.list(all=not running_only, filters={"label": labels})
        return sorted(found, key=lambda container: str(container.attrs["Created"]))

    def running_services(self) -> list[str]:
        """Return the services of the project that have a running container."""
        return [service for service in self.model["services"] if self.containers(service)]

    def restart_policy(self, service: str) -> str:
        """Return the restart policy of a service's containers, as the engine has it: ``no``, ``always`` and so on."""
        for container in self.containers(service, running_only=False):
            return str(container.attrs["HostConfig"]["RestartPolicy"]["Name"] or "no")
        return "no"

    def container(self) -> Container:
        """Return the service's running container. Raises `PromiseBroken` if there is none."""
        if found := self.containers(self.service):
            return found[0]
        raise PromiseBroken(f"{self.service} has no running container", next_step=f"docker-compose logs {self.service}")

    def address(self) -> str:
        """Return where the service answers now, e.g. ``http://127.0.0.1:32768``.

        Raises `LookupError` while it is not published.
        """
        return self.endpoint.address()

    def find_endpoints(self) -> None:
        """Wait until the service, and the server of its media, answer HTTP, or it is clear that they won't.

        Raises `PromiseBroken` where neither is so in time.
        """
        begun = time.monotonic()
        is_promised = self._api.is_described
        seconds = DESCRIBED_SECONDS if is_promised else READY_SECONDS
        self.endpoint.find(died=self._exit_reason, seconds=seconds, is_promised=is_promised)
        if self.media_endpoint is not self.endpoint:
            self.media_endpoint.find(died=lambda: None, seconds=READY_SECONDS)
        self._came_up_within.append(time.monotonic() - begun)
        if self.endpoint.unserved and self._tcp_ports:
            self.platform = self._through_exec()

    def answer_like(self, other: Stack) -> None:
        """Expect answers where the same deployment gives them on another engine."""
        self.endpoint.take_over(other.endpoint)
        self.media_endpoint.take_over(other.media_endpoint)
        if self.endpoint.unserved:
            self.platform = self._through_exec()

    @property
    def unserved(self) -> str:
        """Why nobody can be asked for media; empty where somebody can."""
        return self.media_endpoint.unserved

    def _endpoint_of(self, server: tuple[str, int]) -> Endpoint:
        """The endpoint of another service, at the one port of it that serves the media."""
        service, port = server
        return Endpoint(service, lambda: self.containers(service), lambda: [port])

    def media_mount(self) -> Mount:
        """Return the mount that keeps what is written to the media root of the running container."""
        return require_mount(mounts_of(self.container().attrs), self._media_place(), self.service)

    def _media_place(self) -> str:
        """Where the media root is, symbolic links followed."""
        return self.inside.resolve(self.media_root)

    @property
    def volume(self) -> str:
        """The real name of the volume that keeps the media of the running container."""
        return require_volume(self.media_mount(), self.media_root, self.service)

    def volume_exists(self, name: str) -> bool:
        """Whether the engine has a volume called `name`. Asking never makes one."""
        try:
            self.client.volumes.get(name)
        except docker.errors.NotFound:
            return False
        return True

    @property
    def backing(self) -> str:
        """What keeps the media: the name of a volume, or the path of a directory of the host."""
        mount = self.media_mount()
        return mount.source if mount.kind == "bind" else self.volume

    @property
    def media(self) -> VolumeMedia:
        """The media as they lie in the volume, or in the directory, seen without the service."""
        folder = self.media_mount().folder_of(self._media_place())
        return VolumeMedia(self.backing, self.client, self.environment, self.run.labels, self._is_local, folder)

    def identity(self) -> ServiceState:
        """Return who the service and its volume are now."""
        container = self.container()
        backing = self.backing
        state = container.attrs["State"]
        return ServiceState(
            container.id or "",
            container.attrs["Image"],
            state["Pid"],
            state["StartedAt"],
            backing,
            self._directory_inode(Path(backing))
            if is_directory(backing)
            else self._made(self.client.volumes.get(backing).attrs),
            self._engine_process(),
        )

    def _directory_inode(self, directory: Path) -> str:
        """Return which directory of that name it is, where that can be seen."""
        return f"inode {directory.stat().st_ino}" if self._is_local and directory.is_dir() else ""

    def _made(self, volume: Mapping[str, Any]) -> str:
        """Return when a volume was made.

        What an engine tells as that is when its data's directory last changed: a service that takes it over at each
        start (`chown`) would pass for one with a new volume. Here the directory above is looked at, as it is ours.
        """
        above = Path(volume.get("Mountpoint") or "/").parent
        if not self._is_local or not above.is_dir():
            return str(volume["CreatedAt"])
        return datetime.fromtimestamp(above.stat().st_mtime, timezone.utc).isoformat()

    def up(self, *, within: float = READY_SECONDS) -> None:
        """Start what doesn't run, as a deploy does, and wait until it is ready."""
        self.compose("up", "--detach")
        self.wait_until_ready(within=within)

    @property
    def start_seconds(self) -> float:
        """How long to wait for a start, by how long the ones before it took."""
        return min(READY_SECONDS, max(AGAIN_SECONDS, AGAIN_TIMES * max(self._came_up_within, default=READY_SECONDS)))

    def wait_until_ready(self, *, within: float = READY_SECONDS) -> None:
        """Wait until the platform answers, less long if it was given up; says why as soon as it can't any more."""
        within = MEND_SECONDS if self._unrecoverable else min(within, self.start_seconds)
        begun = time.monotonic()
        wait_until(self.platform.answers, what=f"{self.service} answers", seconds=within, died=self._exit_reason)
        self._came_up_within.append(time.monotonic() - begun)

    def _exit_reason(self) -> str | None:
        """Why the service won't come any more: it ended, and no restart policy brings it back."""
        for container in self.containers(self.service, running_only=False):
            policy = container.attrs["HostConfig"]["RestartPolicy"]["Name"]
            if container.status in {"exited", "dead"} and policy in {"", "no"}:
                lines = container.logs(tail=5).decode(errors="replace").strip()
                return f"its container ended with status {container.attrs['State']['ExitCode']}: {lines}"
        return None

    def choose_platform(self, upload: str) -> None:
        """Give media through the service's own API, or, where it has none or `upload` is ``exec``, through `exec`."""
        if upload == "exec" or self.endpoint.unserved or (upload == "auto" and not self._api.takes_uploads()):
            self.platform = self._through_exec()
        else:
            self._api.expect_login()
        journal.add_evidence(self.platform.way)
        if self.unserved:
            journal.add_evidence(f"{self.unserved}: what is proved is the storage of the media, not their serving")
        if not self.platform.has_upload_api and not self.inside.has_shell():
            journal.add_evidence("its image has no shell: media are handed over as by `docker cp`, in that user's name")
        for deviation in self.deviations:
            journal.add_evidence(f"in the sandbox, {deviation}")

    def new_client(self, address: Callable[[], str] | None = None) -> HttpPlatform:
        """Return the platform for one more client, beside others that work at the same time.

        Raises `Unproven` where the platform has no API for uploads.
        """
        if not self.platform.has_upload_api:
            raise Unproven(f"{self.platform.way}: there are no clients to whom it could acknowledge anything")
        return self._api.for_client(address or self.address, requests.Session())

    def _through_exec(self) -> Platform:
        if self.endpoint.unserved:
            return UnpublishedPlatform(
                self.address, self.token, self._write, self._is_well, unserved=self.unserved, **self._serving
            )
        return ExecPlatform(self.address, self.token, self._write, **self._serving)

    def _write(self, path: str, content: bytes) -> commands.Outcome:
        return self.inside.write(self.media_root, path, content)

    def _is_well(self) -> bool:
        """Whether a container of the service runs, and is healthy where somebody checks."""
        states = [container.attrs["State"] for container in self.containers(self.service)]
        return any(state.get("Health", {}).get("Status", "healthy") == "healthy" for state in states)

    def deploy(self, model: Model, *options: str) -> None:
        """Deploy `model` in place of what runs now. `recover` and a restart over it bring the owner's back."""
        write_model(model, self.folder)
        self.compose("up", "--detach", *options)

    def recover(self) -> None:
        """Make sure that the stack is up and well before a test begins; mend it if the last one broke it.

        What can't be mended is started over with an empty volume. Where that doesn't help either, it is not tried
        again: raises `PromiseBroken` at once.
        """
        if self.platform.answers():
            return
        if self._unrecoverable:
            raise PromiseBroken(f"{self.service} is not well, whatever is done about it")
        journal.progress("stack: the last test left it broken; starting it again")
        write_model(self.model, self.folder)
        try:
            self.up(within=MEND_SECONDS)
        except PromiseBroken:
            self._recreate()

    def stop_recovering(self) -> None:
        """Mend nothing from now on: the service is up, and it is what it is."""
        self._unrecoverable = True

    def _recreate(self) -> None:
        journal.progress("stack: starting over, with an empty volume")
        try:
            self.compose(*_DOWN)
            self.up()
        except PromiseBroken:
            self.stop_recovering()
            raise

    @property
    def _tcp_ports(self) -> list[int]:
        ports = self.model["services"][self.service].get("ports") or ()
        return [int(port["target"]) for port in ports if port.get("protocol", "tcp") == "tcp"]

    def logs(self, *, timeout: float = commands.TIMEOUT) -> str:
        """Return the last 200 lines of every container's log. Raises `TimeoutExpired` after `timeout` seconds."""
        if not self.folder.is_dir():  # taken down already
            return ""
        args = [*self._compose, "logs", "--no-color", "--timestamps", "--tail=200"]
        outcome = commands.run(args, cwd=self.folder, env=self.environment, timeout=timeout)
        return (outcome.stdout + outcome.stderr).decode(errors="replace")

    def tear_down(self) -> None:
        """Remove containers, networks and volumes of the sandbox."""
        journal.progress("stack: taking it down")
        commands.run([*self._compose, *_DOWN], cwd=self.folder, env=self.environment)
        for image in self.client.images.list(filters={"label": f"{RUN_LABEL}={self.run.identifier}"}):
            self.client.images.remove(str(image.id), force=True)
        if os.geteuid() != 0:
            self._reclaim_folder()

    def _reclaim_folder(self) -> None:
        """Give what the engine made in the operator's folder, as root, to the person who is to remove it."""
        beside = helper_container.command(self.run.labels, "--network=none", f"--volume={self.folder}:/deployment")
        owner = f"{os.geteuid()}:{os.getegid()}"
        commands.run([*beside, "chown", "--recursive", owner, "/deployment"], env=self.environment)


def _journal_api_call(response: requests.Response, *_: object, **__: object) -> None:
    """Journal what the Docker SDK asked the engine, as `requests` timed it."""
    seconds = response.elapsed.total_seconds()
    request = f"{response.request.method} {response.request.path_url}"
    journal.record(journal.Event("engine", request, time.time() - seconds, seconds, response.status_code))
