"""The identifier of a run, and which runs are over.

The identifier names the run's process. Everything that a run creates carries it, in a label or in its name, so that a
later run can see whether its owner still runs, even after a kill.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from media_guarantees.system import commands, folder_lock

LABEL = "media-verify"
RUN_LABEL = f"{LABEL}.run"
EXPIRY_LABEL = f"{LABEL}.expires"
LIVE_SECONDS = 48 * 3600.0  # a drill of a terabyte takes a night; after two days its job was killed
_IDENTIFIER = re.compile(r"(?P<boot>[0-9a-f]{8})-(?P<pid>\d+)-(?P<ticks>\d+)")


@dataclass(frozen=True)
class Run:
    """A run. `prefix` is put before the names of its resources; it is empty on a private engine."""

    identifier: str
    prefix: str = ""

    @property
    def labels(self) -> dict[str, str]:
        """The labels of everything that the run creates."""
        return {LABEL: "run", RUN_LABEL: self.identifier}

    def name(self, name: str) -> str:
        """Return the name that the run uses for what the deployment's owner calls `name`."""
        return f"{self.prefix}{name}"


def this_run(*, shared: bool) -> Run:
    """Return the run of this process."""
    identifier = f"{_boot()}-{os.getpid()}-{start_ticks(os.getpid())}"
    return Run(identifier, f"{LABEL}-{identifier}-" if shared else "")


def is_over(text: str) -> bool:
    """Whether `text` carries the identifier of a run on this machine whose process is gone.

    False for runs of other machines and containers, and of this machine before its last start: they may be in progress.
    """
    found = _IDENTIFIER.search(text)
    return bool(found and found["boot"] == _boot() and start_ticks(int(found["pid"])) != found["ticks"])


def _boot() -> str:
    """Return a short hash of this machine's boot and of the process namespace: process numbers are unique in those.

    See proc(5), random/boot_id, and pid_namespaces(7).
    """
    start = Path("/proc/sys/kernel/random/boot_id").read_text()
    numbers = Path("/proc/self/ns/pid").readlink()
    return hashlib.sha256(f"{start}{numbers}".encode()).hexdigest()[:8]


def start_ticks(pid: int) -> str:
    """Return when process `pid` began, in clock ticks since boot (proc(5), stat); "" without such a process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@contextmanager
def run_folder(cache: Path, run: Run) -> Iterator[Path]:
    """Create a private folder for the run's files and remove it afterwards, with the folders of runs that are over."""
    folders = cache / "runs"
    folders.mkdir(parents=True, exist_ok=True)
    for old in folders.iterdir():
        with folder_lock.taken(old) as over:
            if over:
                shutil.rmtree(old, ignore_errors=True)  # another sweep may be at it; what stays is the next run's
    for old in filter(lambda path: is_over(path.name), cache.glob(".run-*")):
        shutil.rmtree(old, ignore_errors=True)
    folder = folders / run.identifier
    # Locked before it gets its name, so that other runs see at once that it is in use.
    unnamed = Path(tempfile.mkdtemp(dir=cache, prefix=f".run-{run.identifier}-"))
    with folder_lock.taken(unnamed):
        unnamed.rename(folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


def expiring(labels: Mapping[str, str]) -> dict[str, str]:
    """Return `labels` with one that says until when a run on a live server needs what carries them.

    Only the machine that a run was started on can know that its process is gone. A killed CI job's machine is gone too,
    so what it left is recognised by its age.
    """
    return {**labels, EXPIRY_LABEL: str(int(time.time() + LIVE_SECONDS))}


def is_expired(row: str) -> bool:
    """Whether a row of a listing below carries a run's identifier in its label, and an expiry that is past."""
    found = _EXPIRY.match(row)
    return bool(found and int(found["moment"]) < time.time())


def is_left_over(row: str) -> bool:
    """Whether a row of a listing below is of a run that is over, or of one that needs it no longer."""
    return is_over(row) or is_expired(row)


_LABELS = f'{{{{.Label "{RUN_LABEL}"}}}} expires={{{{.Label "{EXPIRY_LABEL}"}}}}'
# Names hold no spaces, so that the label's place in a row is certain, whatever mounts and other labels hold.
_EXPIRY = re.compile(rf"\S+ (?:\S+ )?{_IDENTIFIER.pattern} expires=(?P<moment>\d{{1,12}})(?: |$)")
_LISTINGS = (
    (("ps", "-a", "--no-trunc", "--format", f"{{{{.ID}}}} {{{{.Names}}}} {_LABELS} {{{{.Mounts}}}}"),
     ("rm", "--force", "--volumes")),
    (("network", "ls", "--format", f"{{{{.ID}}}} {{{{.Name}}}} {_LABELS}"), ("network", "rm")),
    (("volume", "ls", "--format", f"{{{{.Name}}}} {_LABELS}"), ("volume", "rm", "--force")),
    (("image", "ls", "--format", "{{.Repository}}:{{.Tag}}"), ("image", "rm", "--force")),
)  # fmt: skip


def sweep_engine(environment: Mapping[str, str], over: Callable[[str], bool] = is_left_over) -> None:
    """Remove from the engine behind `environment` what carries, in name or label, the identifier of such a run.

    The commands of a guide know nothing of labels: their volumes are recognised by their names, and their containers,
    which have names of the engine's choice, by the volumes and folders of the run that they mount.
    """
    for listing, removal in _LISTINGS:
        rows = commands.check(["docker", *listing], env=environment).text.splitlines()
        if names := [row.split()[0] for row in rows if over(row)]:
            commands.run(["docker", *removal, *names], env=environment)
