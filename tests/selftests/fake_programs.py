"""Stand-ins for programs such as `docker`: small scripts on the test's own PATH, which record their calls."""

import os
import shlex
from pathlib import Path

import pytest


class Programs:
    """A folder of stand-ins that comes first on the PATH, or is the whole PATH with `alone`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, alone: bool = False) -> None:
        self.folder = folder / "programs"
        self.folder.mkdir()
        self.path = os.pathsep.join([str(self.folder), *([] if alone else [os.environ["PATH"]])])
        monkeypatch.setenv("PATH", self.path)

    def add(self, name: str, script: str = "", *, folder: Path | None = None) -> Path:
        """Make a program from a script for sh, here or in another `folder`."""
        program = (folder or self.folder) / name
        program.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$*\" >> {shlex.quote(str(self._log(name)))}\n{script}\n")
        program.chmod(0o700)
        return program

    def calls(self, name: str) -> list[str]:
        """Return the arguments of each call so far, joined by spaces."""
        log = self._log(name)
        return log.read_text().split("\0")[:-1] if log.exists() else []

    def _log(self, name: str) -> Path:
        return self.folder.with_name(f"{name}.calls")


def run_here(volume: Path) -> str:
    """Return a script for `docker` that runs the command for a container of `ubuntu` here, in the volume's folder."""
    return f'while [ "$1" != ubuntu ]; do shift; done; shift; cd {shlex.quote(str(volume))} && exec "$@"'
