"""The programs that the bench compares with, from PATH or from the package archive, and what running one costs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from media_guarantees.system import commands
from media_guarantees.system.debian_packages import PackageArchive, library_environment

ROOT = Path(__file__).parents[1]
PACKAGES = ROOT / ".cache" / "packages"

Command = tuple[str | Path, ...]


class BenchFailed(Exception):  # noqa: N818 - named after what happened
    """A measured program did not do what it must, so that its figures would mean nothing."""


class Cost(NamedTuple):
    """What a program took: seconds of wall clock and of processors, and the peak of its memory in MB."""

    seconds: float
    processor: float
    memory: float


# Linux reports at least the memory that the parent had when it started the process: this parent has little.
_LAUNCHER = """\
import os, sys, time
nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
begun = time.monotonic()
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=nowhere)
_, status, used = os.wait4(process, 0)
seconds = time.monotonic() - begun
print(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status) != 0)
"""


def cost(command: Command, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a program to its end. Raises `CalledProcessError` if it fails."""
    launched = [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command]
    ended = subprocess.run(launched, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return Cost(*map(float, ended.stdout.split()))


def said(ended: commands.Outcome) -> str:
    """Return the whole output of a program."""
    return (ended.stdout + ended.stderr).decode(errors="replace")


def reach(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` with `curl` in its PATH, and without a proxy for 127.0.0.1."""
    reached = {**environment, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    if shutil.which("curl", path=reached.get("PATH")):
        return reached
    return library_environment(PackageArchive(PACKAGES).unpack("curl", ("curl",), complete=True), reached)


def hashdeep() -> dict[str, str]:
    """Return an environment with `hashdeep` in its PATH. Raises `BadInput` if it is not available."""
    if shutil.which("hashdeep"):
        return dict(os.environ)
    return library_environment(PackageArchive(PACKAGES).unpack("hashdeep", ("hashdeep",), complete=True))
