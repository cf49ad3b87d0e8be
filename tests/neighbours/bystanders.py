"""Containers, volumes, networks and images of another user on an engine, which no run may touch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media_guarantees.engine.base_images import root_file_system
from media_guarantees.engine.compose_program import find_compose
from media_guarantees.engine.connection import bin_folder, own_environment
from media_guarantees.engine.private_engine import PrivateEngine, running_engine
from media_guarantees.engine.toolchain import engine_tools
from media_guarantees.media.awkward_names import plant_nasty_tree
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.manifest import Manifest
from media_guarantees.system import commands

# The names that the guide's commands and our compose file use, Compose's own for them, and two that look like a run's.
VOLUMES = ("media_volume", "connect_media_volume", "connect_database_volume", "media-verify-notes")
NETWORKS = ("connect_default", "media-verify-lan")
IMAGE = "connect-web-project"
_COMPOSE = ("--label=com.docker.compose.project=connect", "--label=com.docker.compose.service=web-project")
_CONTAINERS: Mapping[str, tuple[str, ...]] = {
    "connect-web-project-1": (*_COMPOSE, "--network=connect_default", "--publish=127.0.0.1::8000"),
    "web-project": ("--network=media-verify-lan", "--restart=always"),
    # Labelled by a run of another machine, which may still be in progress there.
    "media-verify-elsewhere": ("--network=none", "--label=media-verify=run", "--label=media-verify.run=00000000-1-1"),
}
_LISTINGS = {
    "container": ("ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}}"),
    "volume": ("volume", "ls", "--format", "{{.Name}}"),
    "network": ("network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}"),
    "image": ("image", "ls", "--all", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}"),
}


@dataclass(frozen=True)
class Snapshot:
    """Everything on an engine, as it describes it itself, by kind and name, and every file of its volumes."""

    things: Mapping[str, Any]
    files: Mapping[str, Manifest]


class Owner:
    """A user with an engine and many resources on it. `environment` is that of a shell of theirs."""

    def __init__(self, engine: PrivateEngine, cache: Path) -> None:
        self.engine = engine
        programs = bin_folder(cache, {"docker": engine.tools.which("docker"), "docker-compose": find_compose(cache)})
        environment = own_environment()
        self.environment = {
            **environment,
            "PATH": f"{programs}:{environment['PATH']}",
            "DOCKER_HOST": engine.host,
        }

    def docker(self, *args: str, stdin: bytes | None = None) -> str:
        """Run the `docker` client against the owner's engine and return its output."""
        return commands.check(["docker", *args], env=self.environment, stdin=stdin).text

    def move_in(self, root_file_system: Path) -> None:
        """Create images, volumes full of files, networks and containers on the engine."""
        self.docker("import", str(root_file_system), "ubuntu")
        self.docker("build", "--quiet", f"--tag={IMAGE}", "-", stdin=b"FROM ubuntu\nLABEL owner=another\n")
        for volume in VOLUMES:
            self.docker("volume", "create", volume)
            plant_nasty_tree(self.folder_of(volume) / "avatars")
        for network in NETWORKS:
            self.docker("network", "create", network)
        mounts = [f"--volume={volume}:/volumes/{volume}" for volume in VOLUMES]
        for name, options in _CONTAINERS.items():
            self.docker("run", "--detach", f"--name={name}", *options, *mounts, IMAGE, "sleep", "infinity")
        self.docker("run", "--name=stopped", "--network=none", "--volume=/anonymous", IMAGE, "touch", "/anonymous/file")

    def folder_of(self, volume: str) -> Path:
        """Return where the files of a volume are on this host."""
        return Path(self.docker("volume", "inspect", "--format", "{{.Mountpoint}}", volume))

    def names(self) -> set[str]:
        """Return what is on the engine, by kind and name."""
        return {f"{kind} {row}" for kind, rows in self._rows().items() for row in rows}

    def _rows(self) -> dict[str, list[str]]:
        return {kind: self.docker(*listing).splitlines() for kind, listing in _LISTINGS.items()}

    def snapshot(self) -> Snapshot:
        """Return a snapshot of everything on the engine."""
        things = {
            f"{kind} {row}": _in_order(json.loads(self.docker(kind, "inspect", row.split()[0])))
            for kind, rows in self._rows().items()
            for row in rows
        }
        volumes = [thing.partition(" ")[2] for thing in things if thing.startswith("volume ")]
        return Snapshot(things, {volume: read_directory(self.folder_of(volume)) for volume in volumes})


def _in_order(things: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort a container's mounts: the engine lists them in varying order."""
    for thing in things:
        if "Mounts" in thing:
            thing["Mounts"].sort(key=lambda mount: mount["Destination"])
    return things


@contextmanager
def owners_engine(cache: Path) -> Iterator[Owner]:
    """Run an engine for another user and fill it; `cache` is like a run's, but used by no other."""
    tools = engine_tools(cache)
    with running_engine(cache, tools) as engine:
        owner = Owner(engine, cache)
        owner.move_in(root_file_system(cache))
        yield owner
