"""The running deployment: the service under test, where it answers, how media get in, and what keeps them."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.deployment.compose.compose_model import Deployment
from media_guarantees.deployment.compose.media_mount import Mount
from media_guarantees.deployment.compose_project import ComposeProject
from media_guarantees.deployment.endpoint import Endpoint
from media_guarantees.deployment.health.readiness import READY_SECONDS, ServiceHealth, is_healthy, start_allowance
from media_guarantees.deployment.media_backing import MediaBacking
from media_guarantees.deployment.service_container import ServiceContainer
from media_guarantees.media.media_volume import VolumeMedia
from media_guarantees.media.uploads.exec_client import ExecPlatform, UnpublishedPlatform
from media_guarantees.media.uploads.platform_protocol import Platform
from media_guarantees.media.uploads.upload_api import UploadApi
from media_guarantees.media.uploads.upload_client import CONNECT, HttpPlatform
from media_guarantees.system import commands

if TYPE_CHECKING:
    from docker.models.containers import Container


@dataclass(frozen=True)
class ServiceState:
    """What distinguishes one run of the service from the next, and one volume from another.

    `volume` is what backs the media: a volume's name, or the path of a host's directory. `engine` identifies the
    process of a private engine's daemon; it is empty on a shared engine.
    """

    container: str
    image: str
    process: int
    started: str
    volume: str
    volume_created: str
    engine: str


class Uploads(NamedTuple):
    """Where a service keeps uploads, and how it takes them. `token` is what its API asks for.

    `media_server` is the service, with its port, that serves the media in place of the service itself.
    """

    media_root: str
    token: str = ""
    api: UploadApi = CONNECT
    media_server: tuple[str, int] | None = None


class Stack:
    """One deployment, up in its sandbox, which is `project`. `deviations` are how it differs from the owner's.

    What happens to all of it goes through `project`, `health` and `backing`; the rest is about the service under test.
    """

    def __init__(
        self, deployment: Deployment, project: ComposeProject, uploads: Uploads, deviations: Sequence[str] = ()
    ) -> None:
        self.deployment = deployment
        self.project = project
        self.service = deployment.service
        self.uploads = uploads
        self.media_root = posixpath.normpath(uploads.media_root)
        self.token = uploads.token
        self.deviations = tuple(deviations)
        # What most callers want of the project.
        self.model, self.folder = project.model, project.folder
        self.run, self.environment = project.run, project.environment
        self.service_container = ServiceContainer(self.container, self.service, self.environment, self.run.labels)
        self.backing = MediaBacking(project, self.service_container, self.service, self.media_root)
        self.endpoint = self._endpoint_of(self.service, lambda: self._tcp_ports)
        self.health = ServiceHealth(
            project, self.service, self._answers, partial(start_allowance, project, self.service)
        )
        server = uploads.media_server
        self.media_endpoint = self._endpoint_of(server[0], lambda: [server[1]]) if server else self.endpoint
        # Only where they are served elsewhere: a client asks for that address again before each picture.
        elsewhere = self.media_endpoint.address if self.media_endpoint is not self.endpoint else None
        self._serving: dict[str, Any] = {"api": uploads.api, "media_address": elsewhere}
        self._api = HttpPlatform(self.address, uploads.token, **self._serving)
        self.platform: Platform = self._api if self._tcp_ports else self._through_exec()

    def container(self) -> Container:
        """Return the service's running container. Raises `PromiseBroken` if there is none."""
        if found := self.project.containers(self.service):
            return found[0]
        raise PromiseBroken(f"{self.service} has no running container", next_step=f"docker-compose logs {self.service}")

    def declared_mount(self) -> Mount | None:
        """Return the mount in which the media end up, as the owner wrote it; None if there is none.

        A symbolic link in the image may lead from the media root into it. Only a running container shows that.
        """
        root = self.media_root
        with suppress(PromiseBroken):
            root = self.service_container.resolve(root)
        return self.deployment.media_mount(self.service, root)

    @property
    def media(self) -> VolumeMedia:
        """The media as they lie in the volume, or in the directory, seen without the service."""
        return self.backing.media

    def identity(self) -> ServiceState:
        """Return what identifies the service and its volume now."""
        container = self.container()
        state, private_engine = container.attrs["State"], self.project.engine.private_engine
        return ServiceState(
            container.id or "",
            container.attrs["Image"],
            state["Pid"],
            state["StartedAt"],
            self.backing.name,
            self.backing.created(),
            private_engine.daemon_instance() if private_engine else "",
        )

    @property
    def _tcp_ports(self) -> list[int]:
        ports = self.model["services"][self.service].get("ports") or ()
        return [int(port["target"]) for port in ports if port.get("protocol", "tcp") == "tcp"]

    def address(self) -> str:
        """Return where the service answers now, e.g. ``http://127.0.0.1:32768``.

        Raises `LookupError` while it is not published.
        """
        return self.endpoint.address()

    def find_endpoints(self) -> None:
        """Wait until the service, and the server of its media, answer HTTP, or it is clear that they won't.

        Raises `PromiseBroken` where neither is so in time.
        """
        self.health.wait_for(self.endpoint, is_promised=self._api.is_described)
        if self.media_endpoint is not self.endpoint:
            self.media_endpoint.find(died=lambda: None, seconds=READY_SECONDS)
        if self.endpoint.unserved and self._tcp_ports:
            self.platform = self._through_exec()

    def answer_like(self, other: Stack) -> None:
        """Expect answers where the same deployment gives them on another engine, and as late as there."""
        self.health.take_over(other.health)
        self.endpoint.take_over(other.endpoint)
        self.media_endpoint.take_over(other.media_endpoint)
        if self.endpoint.unserved:
            self.platform = self._through_exec()

    @property
    def unserved(self) -> str:
        """Why media can't be requested; empty where they can."""
        return self.media_endpoint.unserved

    def _endpoint_of(self, service: str, ports: Callable[[], Sequence[int]]) -> Endpoint:
        """The endpoint of a service, at the first of its ports that speaks HTTP."""
        project = self.project
        return Endpoint(service, lambda: project.containers(service), ports, partial(start_allowance, project, service))

    def choose_platform(self, upload: str) -> None:
        """Give media through the service's own API, or, where it has none or `upload` is ``exec``, through `exec`."""
        if upload == "exec" or self.endpoint.unserved or (upload == "auto" and not self._api.takes_uploads()):
            self.platform = self._through_exec()
        else:
            self._api.expect_login()
        journal.add_evidence(self.platform.description)
        if self.unserved:
            journal.add_evidence(f"{self.unserved}: what is proved is the storage of the media, not their serving")
        if not self.platform.has_upload_api and not self.service_container.has_shell():
            journal.add_evidence("its image has no shell: media are handed over as by `docker cp`, in that user's name")
        for deviation in self.deviations:
            journal.add_evidence(f"in the sandbox, {deviation}")

    def new_client(self, address: Callable[[], str] | None = None) -> HttpPlatform:
        """Return the platform for one more client, beside others that work at the same time.

        Raises `Unproven` where the platform has no API for uploads.
        """
        if not self.platform.has_upload_api:
            raise Unproven(f"{self.platform.description}: there are no clients to whom it could acknowledge anything")
        return self._api.for_client(address or self.address, requests.Session())

    def _through_exec(self) -> Platform:
        if self.endpoint.unserved:
            return UnpublishedPlatform(
                self.address, self.token, self._write, self._is_well, unserved=self.unserved, **self._serving
            )
        return ExecPlatform(self.address, self.token, self._write, **self._serving)

    def _write(self, path: str, content: bytes) -> commands.Outcome:
        return self.service_container.write(self.media_root, path, content)

    def _answers(self) -> bool:
        return self.platform.answers()

    def _is_well(self) -> bool:
        return is_healthy(self.project.containers(self.service))
