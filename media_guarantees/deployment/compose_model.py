"""The deployment as its owner wrote it: what `docker-compose config` makes of the compose files.

Compose itself does the reading, so `.env`, `env_file`, interpolation, `extends` and `include` are its business.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media_guarantees.core.errors import BadInput
from media_guarantees.system import commands

Model = dict[str, Any]


@dataclass(frozen=True)
class Mount:
    """What a compose file mounts somewhere: `kind` is ``volume``, ``bind`` or ``tmpfs``.

    `source` is the real name of a volume (with the project's prefix where Compose adds one), empty if anonymous.
    """

    kind: str
    source: str
    target: str
    read_only: bool


@dataclass(frozen=True)
class Deployment:
    """A resolved compose model and the files that it came from."""

    files: tuple[Path, ...]
    model: Model
    service: str

    @property
    def folder(self) -> Path:
        """Where the owner runs Compose: the folder of the first file."""
        return self.files[0].parent

    @property
    def project(self) -> str:
        """The project's name as Compose would choose it for the owner."""
        return str(self.model["name"])

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the service as its container has them: what Compose prints doubles every dollar sign."""
        told = self.model["services"][self.service].get("environment") or {}
        return {name: str(value).replace("$$", "$") for name, value in told.items() if value is not None}

    def mounts(self, service: str) -> tuple[Mount, ...]:
        """Return what `service` mounts, as written."""
        volumes = self.model.get("volumes") or {}
        return tuple(
            Mount(
                str(mount["type"]),
                str(volumes.get(mount.get("source"), {}).get("name") or mount.get("source", "")),
                posixpath.normpath(mount["target"]),
                bool(mount.get("read_only")),
            )
            for mount in self.model["services"][service].get("volumes") or ()
        )


def read_deployment(
    files: Sequence[Path], service: str, *, compose: Sequence[str], environment: Mapping[str, str]
) -> Deployment:
    """Return the deployment that `files` describe; `compose` is the command, e.g. ``["docker-compose"]``.

    Raises `BadInput` with Compose's own words for files that it refuses, and for a service that they don't have.
    """
    named = [word for file in files for word in ("--file", str(file))]
    read = commands.run(
        [*compose, *named, "config", "--format", "json"], cwd=files[0].parent, env=environment, timeout=60
    )
    where = ", ".join(map(str, files))
    if not read.ok:
        raise BadInput(
            f"Compose can't read {where}: {read.complaint}",
            _hint(read.complaint) or f"try: docker-compose -f {files[0]} config",
            means="there is nothing to test",
        )
    model: Model = json.loads(read.stdout)
    if service not in model.get("services", {}):
        known = ", ".join(sorted(model.get("services", {}))) or "none at all"
        everything = commands.run(
            [*compose, *named, "--profile", "*", "config", "--format", "json"], cwd=files[0].parent, env=environment
        )
        profiles = _profiles(json.loads(everything.stdout) if everything.ok else {}, service)
        raise BadInput(
            f"{where} has no service {service!r}" + (" outside of a profile" if profiles else ""),
            f"activate the profile as you do yourself: COMPOSE_PROFILES={profiles[0]}"
            if profiles
            else f"give SERVICE=…; the file's services: {known}",
            means="there is nothing to test",
        )
    return Deployment(tuple(files), model, service)


def _profiles(model: Model, service: str) -> list[str]:
    """The profiles that a service is in."""
    return list((model.get("services", {}).get(service) or {}).get("profiles") or ())


def _hint(complaint: str) -> str:
    """What to do where Compose misses a variable; "" for other complaints."""
    missing = re.search(r"required variable (\w+) is missing", complaint)
    return f"set it in the environment, or in the file .env beside the compose file: {missing[1]}=…" if missing else ""
