"""The media as they lie in the volume, seen without the service: from a container that mounts nothing else."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from media_guarantees.engine import helper_container
from media_guarantees.media.container_listing import LISTING, read_listing
from media_guarantees.media.host_listing import read_directory, sizes_below
from media_guarantees.media.manifest import Manifest
from media_guarantees.media.stable_scan import ChangedWhileReading
from media_guarantees.system import commands

if TYPE_CHECKING:
    from docker import DockerClient

ROUNDS = 3


def is_directory(backing: str) -> bool:
    """Whether what backs a media root is a directory of the host, and not a volume, by its name."""
    return backing.startswith("/")


@dataclass(frozen=True)
class VolumeMedia:
    """A volume of media, or a directory of the host in its place. The service has no part in what is done here.

    `folder` is where in the volume the media are, if that is not its root.
    """

    volume: str
    client: DockerClient
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    is_local: bool = False
    folder: str = ""

    def manifest(self) -> Manifest:
        """Return the media in the volume. Raises `IncompleteListing` rather than a part of them.

        Where their folder is missing, there are none. A platform may finish work after it has answered: what changed
        while it was read is read again, `ROUNDS` times in all. Raises `ChangedWhileReading` if it changes all the time.
        """
        for _ in range(ROUNDS - 1):
            with suppress(ChangedWhileReading):
                return self._read()
        return self._read()

    def _read(self) -> Manifest:
        if (place := self._place()) is not None:
            return read_directory(place) if _is_inside(place, self.folder) else Manifest({})
        if self.folder and not self._has_folder():
            return Manifest({})
        return read_listing(commands.check(self.helper_command(*LISTING, "."), env=self.environment).stdout)

    def _has_folder(self) -> bool:
        """Whether the media's folder is in the volume. The engine would make it for a command that works there."""
        whole = replace(self, folder="")
        return commands.run(whole.helper_command("test", "-d", self.folder), env=self.environment).ok

    def _place(self) -> str | None:
        """Where the media are on this host, if reading them there is the same: of a private engine's plain volume.

        It takes no container, which makes it forty times faster. A volume with options of its own (another file
        system, memory) is only mounted where the engine is.
        """
        if not self.is_local:
            return None
        if is_directory(self.volume):
            return posixpath.join(self.volume, self.folder)
        volume = self.client.volumes.get(self.volume)
        plain = volume.attrs["Driver"] == "local" and not volume.attrs["Options"]
        return posixpath.join(volume.attrs["Mountpoint"], self.folder) if plain else None

    def sizes(self) -> dict[bytes, int]:
        """Return the size of everything among the media, by its path. It is quick, also where something changes."""
        if (place := self._place()) is not None:
            return sizes_below(place)
        listed = commands.check(self.helper_command("find", ".", "-printf", r"%p\0%s\0"), env=self.environment)
        fields = listed.stdout.split(b"\0")
        return dict(zip(fields[:-1:2], map(int, fields[1::2]), strict=True))

    def shell(self, script: str, *args: str, stdin: bytes | None = None) -> commands.Outcome:
        """Run a `bash` script as root in the media's folder, with `args` as $1 and so on: for damaging media."""
        command = self.helper_command("bash", "-c", script, "bash", *args, writable=True, interactive=stdin is not None)
        return commands.check(command, env=self.environment, stdin=stdin)

    def helper_command(self, *args: str, writable: bool = False, interactive: bool = False) -> list[str]:
        """Return a command that runs `args` in a container with the media's folder as its working directory.

        Raises `docker.errors.NotFound` without such a volume.
        """
        modes = [] if writable else ["ro"]
        if not is_directory(self.volume):
            # Naming a volume that doesn't exist would make it, which is the very fault that this suite looks for.
            self.client.volumes.get(self.volume)
            # An engine gives an empty volume the owner of the folder where it is mounted: here that would be root.
            modes.append("nocopy")
        mount = f"--volume={self.volume}:/volume{':' * bool(modes)}{','.join(modes)}"
        place = f"--workdir={posixpath.join('/volume', self.folder).rstrip('/')}"
        options = ["--network=none", place, mount, *["--interactive"] * interactive]
        return [*helper_container.command(self.labels, *options), *args]


def _is_inside(place: str, folder: str) -> bool:
    """Whether `place`, which ends in `folder`, is a directory that no link in the volume put elsewhere on this host."""
    root = Path(place).parents[len(Path(folder).parts) - 1] if folder else Path(place)
    return Path(place).is_dir() and Path(place).resolve().is_relative_to(root.resolve())
