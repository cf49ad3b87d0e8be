"""One scenario in several versions: with this suite, pytest-docker, testcontainers, and as a plain shell script.

Up, upload twelve pictures, recreate the container, compare, back up, wipe, restore, compare. Each version is in
`bench/scenario/` and runs as a process of its own, in a folder of its own with the same compose file and pictures, on
one private engine that the bench started, with the service's image built already.
"""

from __future__ import annotations

import json
import secrets
import shutil
import socket
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.programs import ROOT, BenchFailed, reach, said
from fixtures.media import SEED
from fixtures.options import TOKEN_VARIABLE
from media_guarantees.deployment.compose.compose_reader import read_deployment
from media_guarantees.deployment.sandbox.build_sources import host_ca_bundle
from media_guarantees.deployment.sandbox.project_folder import write_project_folder
from media_guarantees.deployment.sandbox.sandboxed_model import sandboxed
from media_guarantees.engine.base_images import PYTHON_SLIM, UBUNTU, provide
from media_guarantees.engine.connection import Engine
from media_guarantees.media.sample_pictures import Sample, make_samples
from media_guarantees.system import commands
from media_guarantees.system.run_id import this_run

HERE = Path(__file__).with_name("scenario")
COMPOSE_FILE = ROOT / "docker-compose.test.yml"
IMAGE = "connect-web-project"
SECONDS = 300.0
# A user who installs one of them alone has no other plugins: each version loads only those that it needs.
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
NO_PLUGINS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
FLOOR, SUITE = "shell script (the floor)", "this suite"


@dataclass(frozen=True)
class Version:
    """One version of the scenario: a command, and its additional environment variables.

    `test` is the file in `bench/scenario/` that it runs out of the deployment's folder.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    test: str = ""


def versions(reports: Path) -> tuple[Version, ...]:
    """Return every version; the suite's leaves its evidence in `reports`."""
    test = "tests/test_media.py"
    docker, containers = "with_pytest_docker.py", "with_testcontainers.py"
    with_docker = (*PYTEST, "-p", "pytest_docker", test)
    suite = ("-p", "no:hypothesispytest", str(HERE / "suite"), f"--rootdir={ROOT}", f"--config-file={ROOT}/pytest.ini")
    target = ("--compose-file=docker-compose.yml", f"--guide={ROOT}/docs/armazenamento-de-midia.md")
    return (
        Version(FLOOR, ("bash", str(HERE / "floor.sh")), {}),
        Version(SUITE, (*PYTEST, *suite, *target, f"--report-dir={reports}"), {}),
        Version("pytest-docker", with_docker, NO_PLUGINS, docker),
        Version("pytest-docker, only asking /healthz", with_docker, {**NO_PLUGINS, "UP": "up --detach"}, docker),
        Version("testcontainers", (*PYTEST, test), NO_PLUGINS, containers),
        Version(
            "testcontainers, only asking /healthz", (*PYTEST, test), {**NO_PLUGINS, "PATIENCE": "poll"}, containers
        ),
    )


@dataclass(frozen=True)
class Measured:
    """How long each turn of one version took, in seconds."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median turn."""
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class Scenarios:
    """Every version, measured in turns.

    `own_share` is the part of the suite's time, from 0 to 1, in which no command, request or wait was under way;
    `tried` whether each version was shown to notice missing pictures.
    """

    measured: tuple[Measured, ...]
    own_share: float
    tried: bool

    def times(self, name: str, other: str = FLOOR) -> float:
        """Return how many times longer one version takes than another."""
        medians = {measured.name: measured.median for measured in self.measured}
        return medians[name] / medians[other]


def measure(engine: Engine, turns: int, place: Path, *, tried: bool = True) -> Scenarios:
    """Run each version `turns` times, one after the other in each turn, in folders below `place`.

    If they are to be `tried`, each runs before that with a backup that misses pictures, which it must notice: no
    version is fast because it looks at nothing, and files and caches are warm.
    """
    reports = place / "scenario-reports"
    with image(engine, place / "build"):
        everyone = {**reach(engine.environment), TOKEN_VARIABLE: secrets.token_urlsafe(24)}
        chosen = versions(reports)
        if tried:
            with backups_that_miss_pictures(engine):
                for version in chosen:
                    expect_failure(version, place, everyone)
        took: dict[str, list[float]] = {version.name: [] for version in chosen}
        own = []
        for _ in range(turns):
            for version in chosen:
                took[version.name].append(timed(version, place, everyone))
                if version.name == SUITE:
                    own.append(1 - under_way(reports) / took[SUITE][-1])
    measured = tuple(Measured(name, tuple(seconds)) for name, seconds in took.items())
    return Scenarios(measured, statistics.median(own), tried)


def timed(version: Version, place: Path, everyone: Mapping[str, str]) -> float:
    """Run a version that must succeed; return the seconds that it took."""
    with deployment(place, version) as folder:
        begun = time.monotonic()
        ended = run(version, folder, everyone)
        seconds = time.monotonic() - begun
    if not ended.ok:
        raise BenchFailed(f"{version.name} ended with status {ended.status}:\n{said(ended)}")
    return seconds


def expect_failure(version: Version, place: Path, everyone: Mapping[str, str]) -> None:
    """Run a version on a deployment that loses pictures: it must report that, in its comparison after the restore."""
    with deployment(place, version) as folder:
        ended = run(version, folder, everyone)
    if ended.ok or "festa" not in said(ended):
        raise BenchFailed(f"{version.name} did not notice pictures that are missing in a backup:\n{said(ended)}")


def run(version: Version, folder: Path, everyone: Mapping[str, str]) -> commands.Outcome:
    """Run a version to its end, whatever its status."""
    environment = {**everyone, "CONNECT_PORT": str(free_port()), **version.environment}
    return commands.run(version.command, cwd=folder, env=environment, timeout=SECONDS)


def twelve() -> tuple[Sample, ...]:
    """Return the pictures: four of each kind, with different names, so that the platform keeps the names."""
    return tuple(sample for sample in make_samples(SEED) if sample.name != "igual.png")


@contextmanager
def deployment(place: Path, version: Version) -> Iterator[Path]:
    """Write a folder with the compose file, the pictures and the version's test, as its owner would have it."""
    with TemporaryDirectory(prefix="deployment-", dir=place) as name:
        folder = Path(name)
        (folder / "docker-compose.yml").write_text(with_image(COMPOSE_FILE.read_text()))
        for sample in twelve():
            file = folder / "pictures" / sample.kind / sample.name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(sample.content)
        if version.test:
            # Its own project file: without it pytest would search further up, and find the suite's.
            (folder / "pytest.ini").write_text("[pytest]\n")
            (folder / "tests").mkdir()
            shutil.copy(HERE / version.test, folder / "tests" / "test_media.py")
        yield folder


def with_image(compose_file: str) -> str:
    """Return a compose file that names the existing image instead of building it."""
    before, build, after = compose_file.partition("build: ./service")
    if not build:
        raise BenchFailed(f"{COMPOSE_FILE.name} doesn't build ./service any more: what should the versions run?")
    return f"{before}image: {IMAGE}{after}"


@contextmanager
def image(engine: Engine, folder: Path) -> Iterator[None]:
    """Build the service's image in `folder`, as a run of the guarantees does; it is removed at the end."""
    for wanted in (UBUNTU, PYTHON_SLIM):
        provide(wanted, engine.docker, ROOT / ".cache")
    environment = {**engine.environment, TOKEN_VARIABLE: "of no use to a build"}
    ours = read_deployment([COMPOSE_FILE], "web-project", compose=engine.compose, environment=environment)
    sandbox = sandboxed(ours, this_run(shared=False), ca_bundle=host_ca_bundle())
    write_project_folder(ours, sandbox.model, folder)
    commands.check([*engine.compose, "build", "--quiet"], cwd=folder, env=environment)
    try:
        yield
    finally:
        engine.docker("image", "rm", "--force", IMAGE)


@contextmanager
def backups_that_miss_pictures(engine: Engine) -> Iterator[None]:
    """Make GNU tar, in the image of the guide's commands, leave out every GIF silently.

    It takes its options from the environment too (GNU tar's manual, "TAR_OPTIONS").
    """
    kept = f"{UBUNTU.name}:bench-keeps"
    commands.check(["docker", "tag", UBUNTU.name, kept], env=engine.environment)
    try:
        dockerfile = f"FROM {kept}\nENV TAR_OPTIONS=--exclude=*.gif\n"
        build = ["docker", "build", "--quiet", "--tag", UBUNTU.name, "-"]
        commands.check(build, env=engine.environment, stdin=dockerfile.encode())
        yield
    finally:
        commands.check(["docker", "tag", kept, UBUNTU.name], env=engine.environment)
        commands.check(["docker", "image", "rm", kept], env=engine.environment)


def under_way(reports: Path) -> float:
    """Return the seconds of the newest run in which a command, a request or a wait was in progress."""
    return float(json.loads((reports / "latest" / "guarantees.json").read_text())["command_seconds"])


def free_port() -> int:
    """Return a free port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
