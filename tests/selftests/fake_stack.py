"""A platform and a stack without an engine: pictures in a dictionary, volumes in a list."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import docker
import docker.errors
import requests

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.stack import ServiceState, Stack
from media_guarantees.media.manifest import Entry, Manifest
from media_guarantees.media.sample_pictures import KINDS, Sample
from media_guarantees.media.uploads.platform_protocol import Platform, Served, Upload
from media_guarantees.system.run_id import Run

IDENTITY = ServiceState(
    container="c1",
    image="i1",
    process=100,
    started="09:00",
    volume="media_volume",
    volume_created="yesterday",
    engine="08:00",
)


def manifest_of(**files: str) -> Manifest:
    """Return a manifest of these files, each with its SHA-256."""
    entries = [Entry(name.encode(), "file", 1, sha256, 0o644, 0, 0, 0, b"") for name, sha256 in files.items()]
    return Manifest({entry.path: entry for entry in entries})


def sample(name: str, content: bytes = b"") -> Sample:
    """Return a sample that isn't really a picture."""
    return Sample("avatars", name, content or name.encode(), "image/png", f"note of {name}")


class FakePlatform:
    """Keeps pictures under ``/media/`` and their names."""

    has_upload_api = True
    serves = True
    description = "pictures are kept in a dictionary"
    kinds = KINDS

    def __init__(self) -> None:
        self.pictures: dict[str, Sample] = {}
        self.uploaded: list[str] = []
        self.up = True

    def upload(self, sample: Sample) -> Upload:
        """Keep a picture."""
        self.uploaded.append(sample.name)
        self.pictures[f"/media/{sample.name}"] = sample
        return Upload(sample, sample.name, f"/media/{sample.name}", sample.sha256, len(sample.content))

    def fetch(self, url: str) -> Served:
        """Return a picture, if the platform is up and has it."""
        if not self.up:
            raise PromiseBroken(f"GET {url} got no answer")
        found = self.pictures.get(url)
        return Served(200, found.content, found.content_type) if found else Served(404, b"", "text/html")

    def probe(self, *, within: float = 1.0) -> int:
        """Return the status of the health check; the time limit is ignored."""
        del within
        return 200 if self.up else 503

    def answers(self, *, within: float = 1.0) -> bool:
        """Whether the platform is up; the time limit is ignored."""
        del within
        return self.up

    def at_address(self, address: str, session: requests.Session) -> Platform:
        """Return this very platform, whatever the address."""
        del address, session
        return self

    @contextmanager
    def keep_alive(self) -> Iterator[None]:
        """Do nothing: there is no connection to keep."""
        yield


class FakeStack:
    """What the library asks of a stack, as plain attributes that a test may change."""

    service = "web-project"

    def __init__(self) -> None:
        self.platform = FakePlatform()
        self.who = IDENTITY
        self.tree = manifest_of(a="00")
        self.volumes: list[str] = []
        self.containers: list[str] = []
        self.running = [self.service]
        self.started = 0
        # One object is all the parts of it.
        self.project = self.health = self.backing = self
        self.mounts: dict[str, list[dict[str, str]]] = {}
        self.labels: dict[str, dict[str, str]] = {}
        self.run = Run("0123abcd-1-2")
        self.mends: list[Callable[[], None]] = []
        self.waits: list[Callable[[], None]] = []

    @property
    def media(self) -> Any:
        """The tree that the test has set, in which no script changes anything."""
        media = SimpleNamespace(manifest=lambda: self.tree)
        media.shell = lambda *_, **__: None
        return media

    @property
    def service_container(self) -> Any:
        """A container in which the service runs as a user of its own."""
        return SimpleNamespace(user=lambda: "10001:10001")

    @property
    def volume(self) -> str:
        """The name of the volume that the test has set."""
        return self.who.volume

    name = volume

    @property
    def client(self) -> Any:
        """An engine with the volumes and containers that the test has set."""
        volumes = [SimpleNamespace(name=name, attrs={"Name": name}) for name in self.volumes]
        containers = [
            {"Names": [f"/{name}"], "Mounts": self.mounts.get(name, []), "Labels": self.labels.get(name)}
            for name in self.containers
        ]
        return SimpleNamespace(
            volumes=SimpleNamespace(list=lambda: volumes), api=SimpleNamespace(containers=lambda **_: containers)
        )

    def identity(self) -> ServiceState:
        """Return the identity that the test has set."""
        return self.who

    def running_services(self) -> list[str]:
        """Return the services that the test has set, at first the one under test."""
        return list(self.running)

    def up(self) -> None:
        """Count how often the deployment was started."""
        self.started += 1

    def restart_policy(self, service: str) -> str:
        """Return the policy of a service that starts again by itself."""
        return "always" if service == self.service else "no"

    def recover(self) -> None:
        """Run what the test registered for the recovery."""
        for mend in self.mends:
            mend()

    def recreate(self) -> None:
        """Fail: a test replaces it where the stack is to be recreated."""
        raise AssertionError("nothing asks for this stack to be recreated")

    def wait_until_ready(self) -> None:
        """Run what the test registered for the wait."""
        for happen in self.waits:
            happen()

    def as_stack(self) -> Stack:
        """Return this, typed as a stack."""
        return cast("Stack", self)


def client_with(*names: str, **attributes: object) -> docker.DockerClient:
    """Return a client of an engine that has only volumes of these names, with these attributes."""

    def get(name: str) -> object:
        if name not in names:
            raise docker.errors.NotFound(f"no such volume: {name}")
        return SimpleNamespace(name=name, attrs={"Driver": "local", "Options": None, "Mountpoint": "", **attributes})

    images = SimpleNamespace(list=lambda **_: [])
    return cast("docker.DockerClient", SimpleNamespace(volumes=SimpleNamespace(get=get), images=images))
