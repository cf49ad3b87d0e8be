"""The deployment as its owner wrote it: what `docker-compose config` makes of the compose files."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

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

    @cached_property
    def tree(self) -> Path:
        """The folder whose files are the deployment's own: the repository that holds the compose file, or its folder.

        A whole home directory, which some people keep in a repository, is more than a deployment.
        """
        folder, home = self.folder.resolve(), Path.home().resolve()
        repositories = (above for above in (folder, *folder.parents) if (above / ".git").exists())
        return next((above for above in repositories if not home.is_relative_to(above)), folder)

    def owns(self, path: Path) -> bool:
        """Whether `path`, wherever its symbolic links lead, is one of the deployment's own files."""
        return path.resolve().is_relative_to(self.tree)

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
