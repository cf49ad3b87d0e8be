"""QEMU's storage daemon: where it comes from, and a disk that it logs every write of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from media_guarantees.core.errors import BadInput
from media_guarantees.engine.private_engine import PrivateEngine
from media_guarantees.system import commands
from media_guarantees.system.debian_packages import PackageArchive, library_environment

PROGRAM = "qemu-storage-daemon"


@dataclass(frozen=True)
class StorageDaemon:
    """The program, and the environment in which it finds its libraries."""

    program: str
    environment: dict[str, str]


def find_storage_daemon(cache: Path) -> StorageDaemon:
    """Return the program on PATH, else the one of the package archive, downloaded the first time.

    Raises `BadInput` where it can't be had.
    """
    if found := shutil.which(PROGRAM):
        return StorageDaemon(found, dict(os.environ))
    # Debian 13 has the program in qemu-utils. Debian 12 has it in qemu-system-common, most of which is for other
    # programs; all that this one needs is what qemu-utils needs as well.
    archive = PackageArchive(cache / "packages")
    root = archive.unpack("storage-daemon", ("qemu-utils",), complete=True, alone=("qemu-system-common",))
    environment = library_environment(root)
    found = shutil.which(PROGRAM, path=environment["PATH"])
    if found is None:
        raise BadInput(f"the package archive's qemu has no {PROGRAM}", f"install {PROGRAM}")
    return StorageDaemon(found, environment)


@contextmanager
def logged_file(engine: PrivateEngine, daemon: StorageDaemon, image: Path, log: Path, name: str) -> Iterator[str]:
    """Yield the path of a file that is the disk `image`; every write and flush of it goes to the new file `log` too.

    The file's own name is `name`. It is seen where the engine's mounts are seen. The daemon ends with the engine, if
    not before. Raises `BadInput` where this machine has no FUSE, or the daemon can't log.
    """
    exported = f"/run/media-verify-files/{name}"
    process = f"{exported}.pid"
    log.touch(mode=0o600)
    commands.check(engine.nsenter_command("install", "-D", "/dev/null", exported))
    start = [daemon.program, *_options(image, log, exported), "--daemonize", "--pidfile", process]
    started = commands.run(engine.nsenter_command(*start), env=daemon.environment)
    if not started.ok:
        raise BadInput(
            f"{PROGRAM} can't log the writes of a disk here: {started.complaint}", "run where /dev/fuse can be used"
        )
    try:
        yield exported
    finally:
        commands.run(engine.nsenter_command("sh", "-c", 'kill "$(cat "$1")"', "sh", process))


def _options(image: Path, log: Path, exported: str) -> list[str]:
    """Return the options under which a file at `exported` is the disk, and `log` has its writes.

    What the disk is told to flush is in the log. The two files need not be flushed for it to be true.
    """
    disk = f"driver=file,node-name=disk,filename={_value(image)},cache.no-flush=on"
    logging = f"driver=file,node-name=log,filename={_value(log)},cache.no-flush=on"
    logged = "driver=blklogwrites,node-name=logged,file=disk,log=log"
    export = f"type=fuse,id=export,node-name=logged,mountpoint={exported},writable=on"
    return ["--blockdev", disk, "--blockdev", logging, "--blockdev", logged, "--export", export]


def _value(path: Path) -> str:
    """Return a path as the value of an option: a comma is doubled."""
    return str(path).replace(",", ",,")
