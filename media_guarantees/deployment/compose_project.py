"""The sandbox as a Compose project on an engine: its folder, its containers, its logs and its removal."""

from __future__ import annotations

import os
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.compose.compose_model import Model
from media_guarantees.deployment.sandbox.project_folder import write_model
from media_guarantees.engine import helper_container
from media_guarantees.engine.connection import Engine
from media_guarantees.system import commands
from media_guarantees.system.run_id import RUN_LABEL, Run

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

DOWN = ("down", "--volumes", "--remove-orphans")


class ComposeProject:
    """A project on `engine`. `folder` is the operator's, with the compose file of `model` and the scripts.

    `environment` is what programs need to reach the engine, complete.
    """

    def __init__(self, engine: Engine, model: Model, folder: Path, run: Run) -> None:
        self.engine = engine
        self.model = model
        self.folder = folder
        self.run = run
        self.environment = dict(engine.environment)

    @property
    def name(self) -> str:
        """The project's name."""
        return str(self.model["name"])

    @cached_property
    def client(self) -> DockerClient:
        """The engine's API."""
        # Loaded here, where an engine is asked: a run's first line does not wait for it.
        from docker import DockerClient  # noqa: PLC0415

        # "auto" asks the engine. Older packages choose a version themselves, which newer engines refuse.
        client = DockerClient.from_env(environment=self.environment, version="auto")
        client.api.trust_env = False  # looking for proxies costs more than the engine's answer
        client.api.hooks["response"].append(_journal_api_call)
        return client

    def try_compose(self, *args: str) -> commands.Outcome:
        """Run `docker-compose` in the operator's folder and return how it ended."""
        return commands.run([*self.engine.compose, *args], cwd=self.folder, env=self.environment)

    def compose(self, *args: str) -> commands.Outcome:
        """Run `docker-compose` in the operator's folder. Raises `PromiseBroken` for a status other than 0."""
        outcome = self.try_compose(*args)
        if not outcome.ok:
            raise PromiseBroken(str(outcome))
        return outcome

    def docker(self, *args: str, **options: Any) -> commands.Outcome:
        """Run the `docker` client for the suite's own need. Raises `CommandFailed` for a status other than 0."""
        return commands.check(["docker", *args], env=self.environment, **options)

    def containers(self, service: str, *, running_only: bool = True) -> list[Container]:
        """Return the containers of `service`, oldest first."""
        labels = [f"com.docker.compose.project={self.name}", f"com.docker.compose.service={service}"]
        found = self.client.containers.list(all=not running_only, filters={"label": labels})
        return sorted(found, key=lambda container: str(container.attrs["Created"]))

    def strays(self, service: str) -> list[Container]:
        """Return the containers of `service` that a command started in another project, by the run's label."""
        labels = [f"{RUN_LABEL}={self.run.identifier}", f"com.docker.compose.service={service}"]
        found = self.client.containers.list(all=False, filters={"label": labels})
        return [container for container in found if project_of(container) not in {"", self.name}]

    def remove_strays(self) -> None:
        """Remove what a command started in another project: it would keep the volumes in use."""
        for service in self.model["services"]:
            for container in self.strays(service):
                container.remove(force=True)

    def running_services(self) -> list[str]:
        """Return the services of the project that have a running container."""
        return [service for service in self.model["services"] if self.containers(service)]

    def restart_policy(self, service: str) -> str:
        """Return the restart policy of a service's containers, as the engine has it: ``no``, ``always`` and so on."""
        for container in self.containers(service, running_only=False):
            return str(container.attrs["HostConfig"]["RestartPolicy"]["Name"] or "no")
        return "no"

    def deploy(self, model: Model, *options: str) -> None:
        """Deploy `model` in place of what runs now. The project's own model stays as it is."""
        write_model(model, self.folder)
        self.compose("up", "--detach", *options)

    def logs(self, *, timeout: float = commands.TIMEOUT) -> str:
        """Return the last lines of every container. Raises `TimeoutExpired` if that takes longer, in seconds."""
        if not self.folder.is_dir():  # taken down already
            return ""
        args = [*self.engine.compose, "logs", "--no-color", "--timestamps", "--tail=200"]
        outcome = commands.run(args, cwd=self.folder, env=self.environment, timeout=timeout)
        return (outcome.stdout + outcome.stderr).decode(errors="replace")

    def tear_down(self) -> None:
        """Remove containers, networks, volumes and images of the run."""
        journal.progress("stack: taking it down")
        self.try_compose(*DOWN)
        for image in self.client.images.list(filters={"label": f"{RUN_LABEL}={self.run.identifier}"}):
            self.client.images.remove(str(image.id), force=True)
        if os.geteuid() != 0:
            self._reclaim_folder()

    def _reclaim_folder(self) -> None:
        """Give what the engine, as root, made in the operator's folder to the person who is to remove it."""
        helper = helper_container.command(self.run.labels, "--network=none", f"--volume={self.folder}:/deployment")
        owner = f"{os.geteuid()}:{os.getegid()}"
        commands.run([*helper, "chown", "--recursive", owner, "/deployment"], env=self.environment)


def project_of(container: Container) -> str:
    """Return the name of the Compose project that a container belongs to; "" for none."""
    return str((container.attrs["Config"].get("Labels") or {}).get("com.docker.compose.project", ""))


def _journal_api_call(response: requests.Response, *_: object, **__: object) -> None:
    """Journal what the Docker SDK asked the engine, as `requests` timed it."""
    seconds = response.elapsed.total_seconds()
    request = f"{response.request.method} {response.request.path_url}"
    journal.record(journal.Event("engine", request, time.time() - seconds, seconds, response.status_code))
