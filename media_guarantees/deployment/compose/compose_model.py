"""The deployment as its owner wrote it: what `docker-compose config` makes of the compose files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from media_guarantees.deployment.compose.media_mount import Mount, covering_mount

Model = dict[str, Any]


@dataclass(frozen=True)
class Deployment:
    """A resolved compose model and the files that it came from.

    `with_profiles` is the model with the services of all profiles. Those that aren't active are only started by a
    command that names them, such as a guide's `docker compose run --rm backup`.
    """

    files: tuple[Path, ...]
    model: Model
    service: str
    with_profiles: Model | None = None

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
        variables = self.model["services"][self.service].get("environment") or {}
        return {name: str(value).replace("$$", "$") for name, value in variables.items() if value is not None}

    def mounts(self, service: str) -> tuple[Mount, ...]:
        """Return what `service` mounts, as written, with what it takes over from others by `volumes_from`."""
        found: dict[str, Mount] = {}
        for mount in (*self._inherited(service, ()), *self._own(service)):
            found[mount.target] = mount
        return tuple(found.values())

    def media_mount(self, service: str, media_root: str) -> Mount | None:
        """Return the mount in which the media of `service` end up, as written; None if there is none."""
        return covering_mount(self.mounts(service), media_root)

    def other_writers(self, own: Mount) -> dict[str, str]:
        """Return where other services mount `own`, what keeps the media, for writing, at other paths than it has.

        A second worker, with the volume at the same path, is a part of the platform: see `fellow_writers`.
        """
        return {service: target for service, target in self._writers(own) if target != own.target}

    def fellow_writers(self, own: Mount) -> tuple[str, ...]:
        """Return the other services that mount `own`, what keeps the media, for writing at the same path."""
        return tuple(service for service, target in self._writers(own) if target == own.target)

    def _writers(self, own: Mount) -> Iterator[tuple[str, str]]:
        for service in self.model["services"]:
            for mount in self.mounts(service) if service != self.service else ():
                if mount.source == own.source and not mount.read_only:
                    yield service, mount.target

    def _own(self, service: str) -> Iterator[Mount]:
        volumes = self.model.get("volumes") or {}
        for mount in self.model["services"][service].get("volumes") or ():
            yield Mount(
                str(mount["type"]),
                str((volumes.get(mount.get("source")) or {}).get("name") or mount.get("source", "")),
                posixpath.normpath(mount["target"]),
                bool(mount.get("read_only")),
                str((mount.get("volume") or {}).get("subpath") or ""),
            )

    def _inherited(self, service: str, seen: tuple[str, ...]) -> Iterator[Mount]:
        """What comes with `volumes_from`: entries such as ``storage:ro``."""
        for entry in self.model["services"][service].get("volumes_from") or ():
            other, _, mode = entry.partition(":")
            if other in self.model["services"] and other not in seen:
                for mount in (*self._inherited(other, (*seen, service)), *self._own(other)):
                    yield replace(mount, read_only=mount.read_only or mode == "ro")
