"""The root directory of the guide's shell: the machine's programs, read-only, and folders of the shell's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives", "/etc/ssl/certs")
_FOLDERS = (
    "dev/shm", "etc/cron.d", "etc/cron.daily", "etc/cron.hourly", "etc/cron.weekly", "etc/ssl", "home", "mnt", "opt",
    "proc", "root", "run/guide", "srv", "sys", "tmp", "var/lib", "var/log",
)  # fmt: skip
_ETC = (
    "bash.bashrc", "group", "hosts", "ld.so.cache", "ld.so.conf", "localtime", "nsswitch.conf", "os-release", "passwd",
    "profile", "timezone",
)  # fmt: skip
_DEVICES = ("full", "null", "random", "tty", "urandom", "zero")
_LINKS = {
    "var/run": "/run", "dev/fd": "/proc/self/fd", "dev/stdin": "/proc/self/fd/0", "dev/stdout": "/proc/self/fd/1",
    "dev/stderr": "/proc/self/fd/2",
}  # fmt: skip
SOCKET = Path("/run/docker.sock")
VOLUMES = Path("/var/lib/docker/volumes")
HOME = Path("/root")
OWN_PROGRAMS = Path("/run/guide")
# Commands run as root already, and not every machine has a `sudo`, nor one that works without its settings.
_SUDO = """\
#!/bin/sh
while :; do
    case $1 in
        -u | -g | -h | -p | -C | -D | -R | -T | -U) shift 2 ;;
        --) shift; break ;;
        -*) shift ;;
        *=*) export "$1"; shift ;;
        *) break ;;
    esac
done
exec "$@"
"""


@dataclass(frozen=True)
class RootDirectory:
    """What is at `path` for the shell: `environment` finds `docker`, `init` is a `docker-init`."""

    path: Path
    init: Path
    environment: Mapping[str, str]

    def lay_out(self, writable: Mapping[Path, Path]) -> list[str]:
        """Make the directory with a place for each mount, and return the mounts.

        They come in threes: "ro" or "rw", what is mounted, and where. `writable` maps a path, as the shell sees it, to
        what is mounted there.
        """
        for name in _FOLDERS:
            (self.path / name).mkdir(parents=True, exist_ok=True)
        (self.path / "tmp").chmod(0o1777)
        for name in _ETC:
            with suppress(FileNotFoundError):
                shutil.copy(Path("/etc", name), self.path / "etc" / name)
        for name, target in _LINKS.items():
            with suppress(FileExistsError):
                (self.path / name).symlink_to(target)
        self._copy_docker_configuration()
        sudo = self.path / (OWN_PROGRAMS / "sudo").relative_to("/")
        sudo.write_text(_SUDO)
        sudo.chmod(0o755)
        devices = (("rw", Path("/dev", name), Path("/dev", name)) for name in _DEVICES)
        mounts = [("rw", source, place) for place, source in writable.items()]
        mounts += [("ro", place, place) for place in self._programs()]
        return [part for how, source, place in (*mounts, *devices) for part in self._mount(how, source, place)]

    def _mount(self, how: str, source: Path, place: Path) -> tuple[str, ...]:
        target = self.path / place.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            target.mkdir(exist_ok=True)
        else:
            target.touch()
        return how, str(source), str(target)

    def _programs(self) -> Iterator[Path]:
        """Yield the folders that programs are in; a link such as /bin -> usr/bin is made, not mounted."""
        found = [Path(name) for name in _SYSTEM] + [self.init.resolve().parent]
        for folder in map(Path, self.environment["PATH"].split(os.pathsep)):
            for program in (folder / "docker", folder / "docker-compose", folder / "docker-buildx"):
                if program.exists():
                    found += [folder, program.resolve().parent]
        for folder in dict.fromkeys(found):
            if folder.is_symlink() and folder.parent == Path("/"):
                with suppress(FileExistsError):
                    (self.path / folder.name).symlink_to(folder.readlink())
            elif (folder.is_dir() and not folder.is_relative_to("/usr")) or folder == Path("/usr"):
                yield folder

    def _copy_docker_configuration(self) -> None:
        own = self.path / (HOME / ".docker").relative_to("/")
        configuration = Path(self.environment.get("DOCKER_CONFIG", ""))
        if not own.exists() and configuration.is_absolute() and configuration.is_dir():
            shutil.copytree(configuration, own, symlinks=True)
