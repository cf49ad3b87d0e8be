"""Who a run is, and which runs are over.

A run's identifier names the process that it lives in, and everything that the run makes carries the identifier in
its label or its name. So whoever finds something can tell whether its owner still runs, even after a kill.
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
    """A run. `prefix` is what the names of its things start with: empty on a private engine, where all is its own."""

    identifier: str
    prefix: str = ""

    @property
    def labels(self) -> dict[str, str]:
        """The labels of everything that the run makes."""
        return {LABEL: "run", RUN_LABEL: self.identifier}

    def name(self, name: str) -> str:
        """Return the name under which the run has what its owner calls `name`."""
        return f"{self.prefix}{name}"


def this_run(*, shared: bool) -> Run:
    """Return the run of this very process."""
    identifier = f"{_boot()}-{os.getpid()}-{start_ticks(os.getpid())}"
    return Run(identifier, f"{LABEL}-{identifier}-" if shared else "")


def is_over(text: str) -> bool:
    """Whether `text` carries the identifier of a run on this machine whose process is gone.

    Runs of other machines and containers, and of this machine before it was started last, can't be told from runs in
    progress: False.
    """
    found = _IDENTIFIER.search(text)
    return bool(found and found["boot"] == _boot() and start_ticks(int(found["pid"])) != found["ticks"])


def _boot() -> str:
    """Return what tells the process numbers of this start of this machine from all others.

    A container has numbers of its own, though it shares the machine's start (proc(5), random/boot_id;
    pid_namespaces(7)).
    """
    start = Path("/proc/sys/kernel/random/boot_id").read_text()
    numbers = Path("/proc/self/ns/pid").readlink()
    return hashlib.sha256(f"{start}{numbers}".encode()).hexdigest()[:8]


def start_ticks(pid: int) -> str:
    """When the process `pid` began, in clock ticks since the machine did (proc(5), stat); "" without such a process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@contextmanager
def run_folder(cache: Path, run: Run) -> Iterator[Path]:
    """Make a private folder for the run's own files; remove it in the end, and those of runs that are over."""
    folders = cache / "runs"
    folders.mkdir(parents=True, exist_ok=True)
    for old in folders.iterdir():
        with folder_lock.taken(old) as over:
            if over:
                shutil.rmtree(old, ignore_errors=True)  # another sweep may be at it; what stays is the next run's
    for old in filter(lambda path: is_over(path.name), cache.glob(".run-*")):
        shutil.rmtree(old, ignore_errors=True)
    folder = folders / run.identifier
    # Locked before it has its name: whoever finds it can tell that its run is in progress.
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
