"""What keeps a service's media on the engine: a volume or a directory, which one it is, and what lies in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from media_guarantees.deployment.compose.media_mount import Mount, mounts_of, require_mount, require_volume
from media_guarantees.deployment.compose_project import ComposeProject
from media_guarantees.deployment.service_container import ServiceContainer
from media_guarantees.media.media_volume import VolumeMedia, is_directory


class MediaBacking:
    """What keeps the media of `service`, whose container has its media at `media_root`."""

    def __init__(self, project: ComposeProject, container: ServiceContainer, service: str, media_root: str) -> None:
        self._project = project
        self._container = container
        self._service = service
        self._media_root = media_root
        self._is_local = project.engine.private_engine is not None

    def mount(self) -> Mount:
        """Return the mount that keeps what is written to the media root of the running container.

        Raises `PromiseBroken` where there is none.
        """
        return self._look()[0]

    def _look(self) -> tuple[Mount, str]:
        """Return the mount, and where the media root is in the container, symbolic links followed."""
        container = self._container.current()
        place = self._container.resolve(self._media_root, container)
        return require_mount(mounts_of(container.attrs), place, self._service), place

    def _name(self, mount: Mount) -> str:
        return mount.source if mount.kind == "bind" else require_volume(mount, self._media_root, self._service)

    @property
    def volume(self) -> str:
        """The real name of the volume that keeps the media. Raises `PromiseBroken` where no volume does."""
        return require_volume(self.mount(), self._media_root, self._service)

    @property
    def name(self) -> str:
        """What keeps the media: the name of a volume, or the path of a directory of the host."""
        return self._name(self.mount())

    @property
    def media(self) -> VolumeMedia:
        """The media as they lie in the volume, or in the directory, seen without the service."""
        project, (mount, place) = self._project, self._look()
        labels, folder = project.run.labels, mount.folder_of(place)
        return VolumeMedia(self._name(mount), project.client, project.environment, labels, self._is_local, folder)

    def exists(self, volume: str) -> bool:
        """Whether the engine has a volume called `volume`. Asking never makes one."""
        from docker.errors import NotFound  # noqa: PLC0415 - not before an engine is asked: see ComposeProject.client

        try:
            self._project.client.volumes.get(volume)
        except NotFound:
            return False
        return True

    def created(self) -> str:
        """Return what distinguishes the volume, or the media's directory, from another one of the same name."""
        mount, place = self._look()
        name = self._name(mount)
        if is_directory(name):
            return self._inode(Path(name, mount.folder_of(place)))
        return self._created(self._project.client.volumes.get(name).attrs)

    def _inode(self, directory: Path) -> str:
        """Return which directory of that name it is, where that can be seen."""
        return f"inode {directory.stat().st_ino}" if self._is_local and directory.is_dir() else ""

    def _created(self, volume: Mapping[str, Any]) -> str:
        """Return when a volume was created.

        What an engine reports as that is when the directory of the data last changed: after a service's `chown` at
        start, the volume would pass for a new one. On a private engine, the directory above is looked at.
        """
        mountpoint = str(volume.get("Mountpoint") or "")
        above = Path(mountpoint).parent
        if not self._is_local or not mountpoint or not above.is_dir():
            return str(volume["CreatedAt"])
        return datetime.fromtimestamp(above.stat().st_mtime, timezone.utc).isoformat()
