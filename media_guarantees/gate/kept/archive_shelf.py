"""The folder that archives are kept in: on this machine, or on the live server, where a container reads it.

It is only read. On the server it is mounted with ``--mount``, which never makes a folder that isn't there.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol, cast

from media_guarantees.core.errors import BadInput
from media_guarantees.gate.kept.archive_choice import KeptArchive
from media_guarantees.gate.kept.archive_findings import Clock
from media_guarantees.gate.live_deployment import Live
from media_guarantees.guide.steps import ARCHIVE_ENDING
from media_guarantees.system import commands

SECONDS = 6 * 3600.0  # of a command that reads a whole archive
_KEPT = "/kept"
_TIME = re.compile(r"(?P<seconds>[\d-]+T[\d:]+)(?:\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d)")
_HINT = "name an archive, or the folder that the backups are kept in: ARCHIVE=backups"
_SAVE = ("sh", "-c", 'mkdir -p -- "$1" && cat > "$1/$2"', "save")
_COPY = ("sh", "-c", 'mkdir -p -- "$1" && cp -- "$3/$2" "$1/$2"', "copy")


class Shelf(Protocol):
    """A folder of archives."""

    def listed(self) -> list[KeptArchive]:
        """Return the regular files in the folder."""

    def opened(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open an archive for reading during a block."""

    def copy_into(self, volume: str, folder: str, name: str, live: Live) -> None:
        """Copy an archive into a `folder` of a scratch volume on the live engine."""

    def clock(self) -> Clock:
        """Return the time there."""


@dataclass(frozen=True)
class LocalShelf:
    """A folder of this machine."""

    folder: Path

    def listed(self) -> list[KeptArchive]:
        """Return the regular files in the folder."""
        try:
            files = [each for each in self.folder.iterdir() if each.is_file() and not each.is_symlink()]
            return [KeptArchive(each.name, each.stat().st_size, each.stat().st_mtime) for each in files]
        except OSError as error:
            raise BadInput(f"{self.folder} can't be read: {error}", "run this as a user who may read it") from error

    def opened(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open an archive for reading during a block."""
        return (self.folder / name).open("rb")

    def copy_into(self, volume: str, folder: str, name: str, live: Live) -> None:
        """Stream an archive into a container, which may be on another machine."""
        command = live.helper(*_in_scratch(volume))([*_SAVE, folder or ".", name])
        with self.opened(name) as archive:

            def start(args: list[str], **options: Any) -> subprocess.Popen[bytes]:
                return subprocess.Popen(args, **{**options, "stdin": archive})

            commands.check(command, env=live.engine.environment, timeout=SECONDS, start=start)

    def clock(self) -> Clock:
        """Return this machine's time."""
        now = datetime.now().astimezone()
        return Clock(now.timestamp(), now.tzinfo or timezone.utc)


@dataclass(frozen=True)
class ServerShelf:
    """A folder of the live server."""

    folder: PurePosixPath
    live: Live

    def listed(self) -> list[KeptArchive]:
        """Return the regular files in the folder. Raises `BadInput` where it can't be mounted."""
        command = self._helper(["find", ".", "-maxdepth", "1", "-type", "f", "-printf", r"%s %T@ %f\0"])
        asked = commands.run(command, env=self.live.engine.environment)
        if not asked.ok:
            raise BadInput(f"the server has no folder {self.folder} that can be read: {asked.complaint}", _HINT)
        records = [record.split(" ", 2) for record in asked.stdout.decode(errors="surrogateescape").split("\0")[:-1]]
        return [KeptArchive(name, int(size), float(written)) for size, written, name in records]

    @contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """Open an archive for reading during a block."""
        command = self._helper(["cat", "--", name])
        with commands.streamed(command, env=self.live.engine.environment, timeout=SECONDS) as stream:
            yield cast("BinaryIO", stream)

    def copy_into(self, volume: str, folder: str, name: str, live: Live) -> None:
        """Copy an archive on the server itself."""
        command = live.helper(*_in_scratch(volume), self._mount)([*_COPY, folder or ".", name, _KEPT])
        commands.check(command, env=live.engine.environment, timeout=SECONDS)

    def clock(self) -> Clock:
        """Return the engine's time: it runs where the archives are made."""
        asked = ["docker", "info", "--format", "{{.SystemTime}}"]
        said = read_system_time(commands.check(asked, env=self.live.engine.environment).text)
        return Clock(said.timestamp(), said.tzinfo or timezone.utc)

    def _helper(self, args: list[str]) -> list[str]:
        return self.live.helper(f"--workdir={_KEPT}", self._mount)(args)

    @property
    def _mount(self) -> str:
        """The option that mounts the folder. Docker reads it as a line of CSV."""
        source = f"source={self.folder}".replace('"', '""')
        return f'--mount=type=bind,"{source}",target={_KEPT},readonly'


def _in_scratch(volume: str) -> tuple[str, str]:
    return "--workdir=/scratch", f"--volume={volume}:/scratch"


def read_system_time(text: str) -> datetime:
    """Read an engine's time, to the second. Raises `ValueError` for anything else."""
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no time of an engine")
    return datetime.fromisoformat(found["seconds"] + found["zone"].replace("Z", "+00:00"))


def find_local(place: Path) -> tuple[LocalShelf, str]:
    """Return the folder that `place` is or is in, and the name of the file if it is one. Raises `BadInput`."""
    if place.is_dir():
        return LocalShelf(place), ""
    if not place.is_file():
        seen = "is no regular file" if place.exists() else "isn't there"
        raise BadInput(f"{place} {seen}", _HINT)
    place = place.resolve()
    if not ARCHIVE_ENDING.search(place.name):
        raise BadInput(f"{place} is not named like a tar archive, such as media_backup_20260131.tar.gz", _HINT)
    return LocalShelf(place.parent), place.name


def find_on_server(place: str, live: Live) -> tuple[ServerShelf, str]:
    """Return the folder on the server that `place` is or is in, and the name of the archive if it names one.

    Raises `BadInput` for a path that is not absolute.
    """
    path = PurePosixPath(place)
    if not path.is_absolute() or ".." in path.parts:
        raise BadInput(
            f"ARCHIVE={place} is no absolute path, and the archive is on the server that SERVER names",
            "give the path as it is there: ARCHIVE=/srv/app/backups",
        )
    is_file = bool(ARCHIVE_ENDING.search(path.name))
    return ServerShelf(path.parent if is_file else path, live), path.name if is_file else ""


def expect_local(place: Path) -> None:
    """Raise `BadInput`, without an engine, where `place` is neither an archive nor a folder that holds one."""
    shelf, name = find_local(place)
    if not name and not any(ARCHIVE_ENDING.search(each.name) for each in shelf.listed()):
        raise BadInput(f"there is no archive in {place}", _HINT)
