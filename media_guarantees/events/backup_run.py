"""Take a backup with the guide's command, and record its effects on the service and the engine."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.stack import Stack
from media_guarantees.events.before_after import seed_media
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.guide.steps import ARCHIVE_ENDING, Step
from media_guarantees.media.manifest import Manifest
from media_guarantees.system.background_command import meanwhile

_DAYS = [order.replace(" ", between) for order in ("%Y %m %d", "%d %m %Y") for between in ("", "-", "_", ".")]


@dataclass(frozen=True)
class Backup:
    """An archive that the guide's command made, and what was observed while it ran.

    `day` is the one on which the command started, `before` what was in the volume then. `asked` and `unanswered`
    count requests to the service while it ran; `leftovers` names volumes and containers that it left on the engine.
    """

    archive: Path
    day: date
    before: Manifest
    asked: int
    unanswered: int
    leftovers: frozenset[str]

    @property
    def stem(self) -> str:
        """What the operator puts where the guide's restore command has its placeholder."""
        return ARCHIVE_ENDING.sub("", self.archive.name)


def take_backup(stack: Stack, seeded_media: SeededMedia, operator: Operator) -> Deferred[Backup]:
    """Upload the samples and run the guide's backup command, once.

    The returned object gives the backup, or raises the error that occurred.
    """

    def take() -> Backup:
        _, before = seed_media(stack, seeded_media)
        return _backup(stack, operator, before)

    return Deferred(take)


def _backup(stack: Stack, operator: Operator, before: Manifest) -> Backup:
    things, day = _on_engine(stack), today()
    with journal.step("event: the guide's backup"), poll_health(stack) as answers:
        archive = archive_made_by(operator, lambda: operator.run_checked("backup"))
    leftovers = frozenset(_on_engine(stack) - things)
    return Backup(archive, day, before, len(answers), answers.count(False), leftovers)


def archive_made_by(operator: Operator, command: Callable[[], object]) -> Path:
    """Run a backup command and return the archive that it made; raises `PromiseBroken` if that isn't one."""
    folder = operator.folder
    archives = archives_in(folder)
    command()
    appeared = {path: stamp for path, stamp in archives_in(folder).items() if archives.get(path) != stamp}
    if len(appeared) != 1:
        raise PromiseBroken(
            f"the backup command is over, and {len(appeared)} archives appeared: "
            f"{sorted(path.name for path in appeared)}",
            means="there is no backup, although the command says so",
            next_step=f"ls -la {folder}",
        )
    return next(iter(appeared))


def archives_in(folder: Path) -> dict[Path, int]:
    """The archives in the operator's folder, with the time at which each was written."""
    return {path: path.stat().st_mtime_ns for path in folder.glob("**/*.t*") if ARCHIVE_ENDING.search(path.name)}


def name_contains_date(name: str, day: date) -> bool:
    """Whether a file's name contains `day` in a common date format."""
    return any(f"{day:{written}}" in name for written in _DAYS)


def promises_day(step: Step) -> bool:
    """Whether a backup command names its archive after the day; without that, the guide promises no day."""
    return bool(re.search(r"\bdate\b", step.script + step.body))


def _on_engine(stack: Stack) -> set[str]:
    """Every volume and container of the engine, by name; on a shared engine, only those of the run.

    What the guide's commands make there has names of the engine's choice, but mounts what is the run's.
    """
    volumes = [(f"volume {volume.name}", str(volume.attrs)) for volume in stack.project.client.volumes.list()]
    listed = stack.project.client.api.containers(all=True)
    containers = [(f"container {row['Names'][0].lstrip('/')}", str(row)) for row in listed]
    return {name for name, about in volumes + containers if not stack.run.prefix or stack.run.identifier in about}


def today() -> date:
    """Today's date in the operator's time zone."""
    return date.today()  # noqa: DTZ011 - the day that the operator's `date` prints, in the machine's own time zone


@contextmanager
def poll_health(stack: Stack) -> Iterator[list[bool]]:
    """Probe the service repeatedly while the block lasts; the list holds whether each probe was answered."""
    answers: list[bool] = []

    def ask(over: threading.Event) -> None:
        # At least three times, however short the block; and no faster than the service can answer.
        while not over.wait(0.02) or len(answers) < 3:
            answers.append(stack.platform.answers())

    with meanwhile(ask):
        yield answers
