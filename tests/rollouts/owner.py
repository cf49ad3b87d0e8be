"""The owner of a live server: a folder with the platform's files, an engine, and the commands that deploy to it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from media_guarantees.core.waiting import wait_until
from media_guarantees.deployment.sandbox.build_sources import host_ca_bundle
from media_guarantees.engine.base_images import PYTHON_SLIM, UBUNTU, provide
from media_guarantees.engine.connection import Engine
from media_guarantees.media.sample_pictures import Sample, make_samples
from media_guarantees.media.uploads.upload_client import HttpPlatform
from media_guarantees.system import commands

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"
TOKEN = "a token of the owner's"
PORT = 18000
PUBLISHED = '      - "127.0.0.1:${CONNECT_PORT:-8000}:8000"\n'


class Owner:
    """Deploys the repository's own platform to `engine`, as its owner would, from a folder of the owner's."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.reports = folder.parent / "reports"
        self.state = folder.parent / "before.media"
        self.environment = {**engine.environment, "CONNECT_API_TOKEN": TOKEN}
        self.options: dict[str, str] = {}

    @property
    def compose_file(self) -> Path:
        """The compose file."""
        return self.folder / "docker-compose.yml"

    @property
    def guide(self) -> Path:
        """The storage guide."""
        return self.folder / "guide.md"

    def settle_in(self) -> None:
        """Set up the repository's platform on an empty engine, start it, and upload pictures of all kinds."""
        self.folder.mkdir()
        shutil.copy2(ROOT / "docs/armazenamento-de-midia.md", self.guide)
        shutil.copytree(
            ROOT / "service", self.folder / "service", ignore=shutil.ignore_patterns("__pycache__", "tests")
        )
        # A private engine's builds have no other way out, and the free ports are unknown.
        build = {"context": "./service", "network": "host"}
        text = (ROOT / "docker-compose.test.yml").read_text(encoding="utf-8")
        text = text.replace(PUBLISHED, '      - "127.0.0.1::8000"\n')
        if bundle := host_ca_bundle():
            build["secrets"] = ["ca_bundle"]  # type: ignore[assignment]
            text += f"\nsecrets:\n  ca_bundle:\n    file: {bundle}\n"
        self.compose_file.write_text(text.replace("build: ./service", f"build: {json.dumps(build)}"), encoding="utf-8")
        self.up()
        for sample in make_samples(1):
            self.upload(sample)

    def compose(self, *args: str) -> commands.Outcome:
        """Type `docker-compose` in the folder."""
        return commands.check([*self.engine.compose, *args], cwd=self.folder, env=self.environment)

    def docker(self, *args: str, stdin: bytes | None = None) -> str:
        """Type `docker` anywhere."""
        return commands.check(["docker", *args], cwd=self.folder, env=self.environment, stdin=stdin).text

    def in_volume(self, script: str, volume: str = "media_volume") -> None:
        """Run a script as root where the media are, as scripts of deploys do."""
        self.docker("run", "--rm", f"--volume={volume}:/media", "--workdir=/media", "ubuntu", "bash", "-ec", script)

    def up(self, *args: str) -> None:
        """Deploy the folder's files, and wait until the platform answers."""
        self.compose("up", "--detach", "--build", "--remove-orphans", *args)
        wait_until(self.platform().answers, what="the platform answers", seconds=60)

    def try_up(self) -> None:
        """Deploy the folder's files; the platform need not answer."""
        self.compose("up", "--detach", "--build", "--remove-orphans")

    def platform(self) -> HttpPlatform:
        """The platform as people reach it."""
        return HttpPlatform(self._address, TOKEN)

    def _address(self) -> str:
        published = self.docker(
            "ps", "--filter", "label=com.docker.compose.service=web-project", "--format", "{{.Ports}}"
        )
        ports = [part.split("->")[0] for part in published.replace("\n", ", ").split(", ") if "->" in part]
        if not ports:
            raise LookupError("nothing is published")
        return f"http://{ports[0]}"

    def upload(self, sample: Sample) -> None:
        """Give the platform a picture."""
        self.platform().upload(sample)

    def at_start(self, script: str) -> None:
        """Let the service's next container run a script, in its folder, before it serves."""
        edit(
            self.compose_file,
            "    stop_grace_period: 2s\n",
            f"    stop_grace_period: 2s\n    command: {json.dumps(['sh', '-c', script + '; exec gunicorn'])}\n",
        )

    def make(self, target: str, **options: str) -> subprocess.CompletedProcess[str]:
        """Run `make` in this repository, as its user would."""
        chosen = {"STATE": self.state, "REPORT_DIR": self.reports, "GUIDE": self.guide, **self.options, **options}
        environment = {
            key: value for key, value in self.environment.items() if not key.startswith(("PYTEST_", "COMPOSE_", "MAKE"))
        }
        return run_to_end(["make", target, *(f"{name}={value}" for name, value in chosen.items())], ROOT, environment)

    def evidence(self) -> dict[str, Any]:
        """Return what the newest run found out."""
        found: dict[str, Any] = json.loads((self.reports / "latest/guarantees.json").read_text(encoding="utf-8"))
        return found


def run_to_end(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder` for at most ten minutes; return its status, and all output as its standard output."""
    return subprocess.run(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )


def edit(file: Path, old: str, new: str) -> None:
    """Replace the only `old` in `file`; an edit with no place, or several, would prove nothing."""
    text = file.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ValueError(f"{file.name} says {old!r} {text.count(old)} times, not once")
    file.write_text(text.replace(old, new), encoding="utf-8")


@contextmanager
def provided(engine: Engine) -> Iterator[Engine]:
    """Give an engine the images that the platform and the guide need."""
    for wanted in (UBUNTU, PYTHON_SLIM):
        provide(wanted, engine.docker, CACHE)
    yield engine


@contextmanager
def living_on(server: Engine, folder: Path) -> Iterator[Owner]:
    """Run an owner's platform with pictures on a server during the block."""
    folder.mkdir(exist_ok=True)
    owner = Owner(server, folder / "connect")
    try:
        owner.settle_in()
        yield owner
    finally:
        if server.private_engine is not None:
            server.private_engine.clear()
