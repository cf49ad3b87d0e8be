"""A fake engine's API: containers with their mounts and ports, and a stack that finds them."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker.errors

from media_guarantees.deployment.compose.compose_model import Deployment, Model
from media_guarantees.deployment.compose_project import ComposeProject
from media_guarantees.deployment.stack import Stack, Uploads
from media_guarantees.engine.connection import Engine
from media_guarantees.media.uploads.upload_api import UploadApi
from media_guarantees.media.uploads.upload_client import CONNECT
from media_guarantees.system.run_id import Run

RUN = Run("0123abcd-1-2", "mine-")
MODEL: Model = {
    "name": "mine-connect",
    "services": {"web-project": {"build": {"context": "/srv"}, "ports": [{"target": 8000}]}},
}

Found = Callable[..., Stack]


def engine_here(private_engine: object = None, **environment: str) -> Engine:
    """Return an engine whose programs are those on the PATH; a shared one unless a private one is given."""
    kind = "private" if private_engine else "shared"
    environment = {**os.environ, **environment}
    return Engine(kind, environment, ("docker-compose",), "26.1.5", "2.40.3", cast("Any", private_engine))


def linking(**links: str) -> SimpleNamespace:
    """Return an engine's API that reports symbolic links in containers, by their paths without slashes."""

    def head(_url: str, *, params: dict[str, str], timeout: float) -> SimpleNamespace:
        del timeout
        status = json.dumps({"linkTarget": links.get(params["path"].replace("/", ""), "")})
        return SimpleNamespace(headers={"X-Docker-Container-Path-Stat": base64.b64encode(status.encode()).decode()})

    return SimpleNamespace(base_url="http://engine", api_version="1.41", timeout=60, head=head)


def container(created: str = "1", **attributes: Any) -> SimpleNamespace:
    """Return a running container as the Docker SDK does; by default it publishes and mounts nothing."""
    attrs: dict[str, Any] = {
        "Created": created,
        "NetworkSettings": {"Ports": {}},
        "Mounts": [],
        "Config": {},
        "HostConfig": {"RestartPolicy": {"Name": ""}},
        "State": {"ExitCode": 0, "Pid": 100},
        "Image": "i1",
        **attributes,
    }
    made = SimpleNamespace(id=f"c{created}", attrs=attrs, status="running", client=SimpleNamespace(api=linking()))
    made.logs = lambda **_: b""  # a start that takes long is reported with its last line
    return made


def ended(policy: str, status: str = "exited") -> SimpleNamespace:
    made = container(HostConfig={"RestartPolicy": {"Name": policy}}, State={"ExitCode": 137})
    made.status = status
    made.logs = lambda tail: f"the last {tail} lines\n".encode()
    return made


def publishing(**ports: str) -> dict[str, Any]:
    bindings = {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": to}] if to else None for port, to in ports.items()}
    return {"Ports": bindings}


def mount(target: str, kind: str = "volume", name: str = "media_volume") -> dict[str, str]:
    return {"Type": kind, "Name": name, "Destination": target}


def bound(directory: object) -> SimpleNamespace:
    """Return a container whose media are in a directory of the host."""
    mounts = [{"Type": "bind", "Source": str(directory), "Destination": "/srv/media"}]
    return container(Mounts=mounts, State={"Pid": 100, "StartedAt": "09:00"})


def stack_found(
    folder: Path,
    *containers: SimpleNamespace,
    volumes: tuple[str, ...] = (),
    daemon: str = "",
    api: UploadApi = CONNECT,
    deviations: tuple[str, ...] = (),
) -> Stack:
    """Return a stack whose engine has these containers and volumes; a private engine if a `daemon` is named."""
    deployment = Deployment((folder / "compose.yml",), {}, "web-project")
    private_engine = SimpleNamespace(daemon_instance=lambda: daemon) if daemon else None
    project = ComposeProject(engine_here(private_engine), MODEL, folder, RUN)
    asked: list[dict[str, Any]] = []

    def listing(**options: Any) -> list[SimpleNamespace]:
        asked.append(options)
        return [each for each in containers if options["all"] or each.status == "running"]

    def volume(name: str) -> object:
        if name not in volumes:
            raise docker.errors.NotFound(name)
        return SimpleNamespace(name=name, attrs={"CreatedAt": "yesterday"})

    cast("Any", project).client = SimpleNamespace(
        containers=SimpleNamespace(list=listing, asked=asked),
        volumes=SimpleNamespace(get=volume),
        images=SimpleNamespace(list=lambda **_: []),
    )
    return Stack(deployment, project, Uploads("/srv/media/", "t", api), deviations)
