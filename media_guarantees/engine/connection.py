"""The engine that a run talks to, private or shared, as everything to the right of this stage sees it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from media_guarantees.core.errors import BadInput
from media_guarantees.core.files import atomic_link
from media_guarantees.engine.api_versions import check_compose, check_not_refused
from media_guarantees.engine.client_plugins import allow_builds_on_the_host
from media_guarantees.engine.compose_program import find_compose, report_substitute
from media_guarantees.engine.private_engine import PrivateEngine, running_engine
from media_guarantees.engine.toolchain import SHORT_LIVED, engine_tools
from media_guarantees.system import commands
from media_guarantees.system.run_id import Run, is_over, sweep_engine

ENGINE_SECONDS = 30.0
# Where the client has buildx, Compose builds with `bake`, which reads a secret beside the build's folder only after a
# person has agreed. The sandbox has chosen already which files a build may read.
_BUILDS = {"BUILDX_BAKE_ENTITLEMENTS_FS": "0"}
_NEWER_CLIENT = (
    "install a newer one, of Docker 25 or later for an engine 29, or run as root on Linux with an engine and a client "
    "of the run's own: ENGINE=private"
)
# The owner's choice of files, project and profiles is in the model that the sandbox runs.
_ELSEWHERE = ("COMPOSE_", "DOCKER_CONTEXT")


@dataclass
class Engine:
    """An engine that answers.

    `environment` is what a Docker client needs to reach it, complete. `private_engine` can be crashed and booted; None
    for a shared engine. `provided` names the images that the run made sure of, and `stand_ins` those of them that
    others stand in for.
    """

    kind: str
    environment: Mapping[str, str]
    compose: tuple[str, ...]
    version: str
    compose_version: str
    private_engine: PrivateEngine | None = None
    stand_ins: list[str] = field(default_factory=list)
    provided: list[str] = field(default_factory=list)

    def docker(self, *args: str, **options: Any) -> commands.Outcome:
        """Run the `docker` client against this engine."""
        return commands.run(["docker", *args], env=self.environment, **options)

    @cached_property
    def has_bridge(self) -> bool:
        """Whether it has Docker's network `bridge`, which builds use where nothing else is said."""
        return self.docker("network", "inspect", "bridge").ok

    @property
    def facts(self) -> dict[str, Any]:
        """What the evidence says of it."""
        return {
            "kind": self.kind,
            "version": self.version,
            "compose": self.compose_version,
            "stand_ins": self.stand_ins,
        }


@contextmanager
def private(cache: Path, version: str = "") -> Iterator[Engine]:
    """Run an engine of the run's own: the machine's, or of a `version` that `engine_tools` knows."""
    tools = engine_tools(cache, version)
    compose = find_compose(cache)
    with running_engine(cache, tools) as private_engine:
        names = {"docker": tools.which("docker"), "docker-compose": compose}
        programs = bin_folder(cache, {**names, **({"docker-buildx": tools.buildx} if tools.buildx else {})})
        configuration = programs / "docker-config"
        link(configuration / "cli-plugins" / "docker-compose", Path(compose))
        if tools.buildx:
            plugin = configuration / "cli-plugins" / "docker-buildx"
            allow_builds_on_the_host(plugin, programs / "docker-buildx")
        environment = {
            **SHORT_LIVED,
            **own_environment(),
            "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "DOCKER_HOST": private_engine.host,
            # The user's own configuration may name other engines and programs, and Compose would write into it.
            "DOCKER_CONFIG": str(configuration),
        }
        yield describe("private", environment, compose, private_engine)


@contextmanager
def shared(cache: Path, run: Run) -> Iterator[Engine]:
    """Use the engine that ``DOCKER_HOST`` or the current context names; leave on it only what was there."""
    compose = find_compose(cache)
    report_substitute(compose)
    programs = bin_folder(cache, {"docker-compose": compose})
    environment = {
        **own_environment(),
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "BUILDX_CONFIG": str(cache / "buildx"),
        "DOCKER_HOST": endpoint(),
    }
    engine = describe("shared", environment, compose)
    sweep_engine(environment)
    try:
        yield engine
    finally:
        # Again: at the first sweep, the engine may still have been creating things for a killed run.
        sweep_engine(environment, lambda text: run.identifier in text or is_over(text))


def own_environment() -> dict[str, str]:
    """Return this process's environment without the variables that choose other files, projects or engines."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_ELSEWHERE)}
    return {**kept, **_BUILDS}


def check_reachable() -> None:
    """Raise `BadInput` unless the engine that ``DOCKER_HOST`` or the current context names answers."""
    if not shutil.which("docker"):
        raise BadInput(
            "there is no `docker` client on PATH to reach a shared engine with",
            "install Docker's client, or run as root on Linux for a private engine: ENGINE=private",
        )
    server_version(os.environ)


def server_version(environment: Mapping[str, str]) -> str:
    """Return the version of the engine behind `environment`. Raises `BadInput` if it does not answer."""
    return _versions(environment)[0]


def _versions(environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the engine's version, and the oldest version of its API that it knows."""
    question = ["docker", "version", "--format", "{{.Server.Version}} {{.Server.MinAPIVersion}}"]
    try:
        asked = commands.run(question, env=environment, timeout=ENGINE_SECONDS)
        complaint = "" if asked.ok else asked.complaint
    except subprocess.TimeoutExpired:
        complaint = f"nothing came in {ENGINE_SECONDS:g} s"
    check_not_refused("the `docker` client on PATH", complaint, _NEWER_CLIENT)
    if complaint:
        raise BadInput(
            f"no Docker engine answers at {environment.get('DOCKER_HOST') or endpoint()}: {complaint}",
            "start it, set DOCKER_HOST or a context, or run as root on Linux with ENGINE=private",
        )
    version, _, oldest = asked.text.partition(" ")
    return version.partition("+")[0], oldest  # without a distribution's suffix


def describe(
    kind: str, environment: Mapping[str, str], compose: str, private_engine: PrivateEngine | None = None
) -> Engine:
    """Return the engine behind `environment`. Raises `BadInput` if it does not answer."""
    version, oldest = _versions(environment)
    check_compose(compose, oldest, environment)
    composes = commands.check([compose, "version", "--short"], env=environment)
    return Engine(kind, environment, (compose,), version, composes.text.removeprefix("v"), private_engine)


def endpoint() -> str:
    """Return the address of the engine that the environment or the current context names."""
    if host := os.environ.get("DOCKER_HOST"):
        return host
    inspected = commands.run(["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"])
    return inspected.text if inspected.ok and inspected.text else "unix:///var/run/docker.sock"


def bin_folder(cache: Path, programs: Mapping[str, str]) -> Path:
    """Return a folder for the PATH that holds `programs` under the names that a guide uses.

    Runs at the same time with other programs, such as another Compose, have another.
    """
    folder = cache / "bin" / hashlib.sha256(repr(sorted(programs.items())).encode()).hexdigest()[:12]
    for name, target in programs.items():
        link(folder / name, Path(target))
    return folder


def link(name: Path, target: Path) -> None:
    """Let `name` point at `target`, in one step, whatever other runs do at the same time."""
    name.parent.mkdir(parents=True, exist_ok=True)
    atomic_link(name, target)
