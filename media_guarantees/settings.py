"""The options of a run, checked before anything is started."""

from __future__ import annotations

import os
import platform
import posixpath
import re
import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from media_guarantees.core.errors import BadInput
from media_guarantees.system.debian_packages import PackageArchive

# The root file system, the engine, its images and a few hundred MB of sample media, with room to spare.
DISK_BYTES = 3 * 1024**3

TERMINAL = "/dev/tty"
ENGINES = ("auto", "private", "shared")
UPLOADS = ("auto", "http", "exec")


@dataclass(frozen=True)
class Settings:
    """The options of a run, under the names of `pytest --help`. Paths are absolute."""

    engine: str
    compose_files: tuple[Path, ...]
    guide: Path
    service: str
    media_root: str
    upload: str
    report_dir: Path
    cache: Path
    seed: int = 0
    keep: bool = False
    require_all: bool = False
    beyond: bool = False
    upload_config: Path | None = None
    media_server: str = ""
    sign_key: Path | None = None
    notify_url: str = field(default="", repr=False)  # they may hold a token
    heartbeat_url: str = field(default="", repr=False)

    @property
    def media_endpoint(self) -> tuple[str, int] | None:
        """The service that serves the media in place of the one that keeps them, with its port; None for none."""
        service, _, port = self.media_server.partition(":")
        return (service, int(port or 80)) if service else None

    def __post_init__(self) -> None:
        """Write the media root as Compose and the engine do: without a slash at its end, a dot or a doubled slash."""
        if self.media_root:
            root = posixpath.normpath(self.media_root)
            object.__setattr__(self, "media_root", re.sub("^//", "/", root))

    @property
    def engine_kind(self) -> str:
        """``private`` or ``shared``: what ``auto`` means on this machine."""
        if self.engine != "auto":
            return self.engine.partition(":")[0]
        return "private" if platform.system() == "Linux" and os.geteuid() == 0 else "shared"

    @property
    def engine_version(self) -> str:
        """The version of a private engine, such as 26.1 of ``private:26.1``; empty for the default one."""
        return self.engine.partition(":")[2]

    def check(self) -> None:
        """Raise `BadInput` for options, files or a machine with which a run is impossible."""
        _check_choice("engine", self.engine, ENGINES, beside=r"private:.+")
        _check_choice("upload", self.upload, UPLOADS)
        if not self.compose_files:
            raise BadInput("no compose file is named", "give COMPOSE_FILE=… (several: separated by ':')")
        for file in self.compose_files:
            _check_compose_file(file)
        if not re.fullmatch(r"([\w.-]+(:\d{1,5})?)?", self.media_server):
            raise BadInput(
                f"the server of the media is {self.media_server!r}",
                "give MEDIA_SERVER=… as a service of the compose file, with its port: MEDIA_SERVER=nginx:80",
            )
        if not self.media_root.startswith("/"):
            raise BadInput(
                f"the media root {self.media_root!r} is not an absolute path",
                "give MEDIA_ROOT=… as the service's container sees it, e.g. /usr/src/platform/media",
            )
        if self.keep and not has_terminal():
            raise BadInput(
                "KEEP=1 keeps the stack until Enter is pressed, and there is no terminal to press it at",
                "leave KEEP=1 out, or run it at a terminal",
            )
        if any(character.isspace() for character in str(self.cache)):
            raise BadInput(
                f"the path {self.cache} holds a space: below it, the guide's commands would fall apart at $(pwd)",
                "move the checkout to a path without spaces",
            )
        for folder in (self.report_dir, self.cache):
            _check_writable(folder)
        if self.engine_kind == "private":
            self._check_private()

    def _check_private(self) -> None:
        if platform.system() != "Linux" or os.geteuid() != 0:
            raise BadInput(
                "a private engine needs root on Linux",
                "run as root (sudo make verify), or use an engine that is there: ENGINE=shared",
            )
        if not shutil.which("dockerd") and not PackageArchive.available():
            raise BadInput(
                "there is no dockerd on PATH, and no apt-get and dpkg to fetch one with",
                "install Docker, or use an engine elsewhere: DOCKER_HOST=… ENGINE=shared",
            )
        free = shutil.disk_usage(self.cache).free
        if free < DISK_BYTES:
            raise BadInput(
                f"{self.cache} has {free / 1e9:.1f} GB free; an engine and its images need {DISK_BYTES / 1e9:.1f} GB",
                "free some space, or put the checkout on a larger disk",
            )


def read_seed(given: str) -> int:
    """Return the seed of all random choices: the given one, else a new one."""
    if not given:
        return secrets.randbelow(1_000_000)  # short enough to be typed again
    if not (given.isascii() and given.isdigit()):
        raise BadInput(f"--seed is {given!r}", "give a whole number, such as the one that a run printed: SEED=271828")
    return int(given)


def _check_compose_file(file: Path) -> None:
    if file.is_file():
        return
    inside = sorted(path.name for path in file.glob("*.y*ml")) if file.is_dir() else []
    seen = f"{file} is a directory" if file.is_dir() else f"there is no compose file {file}"
    hint = f"name the file in it: COMPOSE_FILE={file / inside[0]}" if inside else "give COMPOSE_FILE=…"
    raise BadInput(
        f"a compose file should describe the deployment, but {seen}",
        f"{hint} (several: separated by ':')",
        means="there is nothing to test",
    )


def _check_choice(option: str, value: str, choices: tuple[str, ...], *, beside: str = "") -> None:
    """Raise `BadInput` unless `value` is one of the `choices`, or matches the expression `beside` as a whole."""
    if value not in choices and not (beside and re.fullmatch(beside, value)):
        raise BadInput(f"--{option} is {value!r}", f"choose one of {', '.join(choices)}")


def has_terminal() -> bool:
    """Whether there is a terminal (tty(4)). Standard input doesn't show it, as pytest replaces that."""
    try:
        os.close(os.open(TERMINAL, os.O_RDWR))
    except OSError:
        return False
    return True


def _check_writable(folder: Path) -> None:
    """Create `folder`; raise `BadInput` if it can't be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInput(
            f"{folder} can't be written: {error.strerror}",
            "run as its owner, remove what another user left there, or give REPORT_DIR=…",
        ) from error
