"""Take a backup with the guide's command, and record its effects on the service and the engine."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.deployment.stack import Stack
from media_guarantees.events.before_after import seed_media
from media_guarantees.events.copies.made_copy import MOUNTS, Copy, copy_made_by, expect_archive
from media_guarantees.events.faults import RETURNING
from media_guarantees.events.home.lost_media import lose_media
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.guide.shell.confined_shell import SHELL_ROOT
from media_guarantees.guide.steps import Step
from media_guarantees.media.manifest import Manifest
from media_guarantees.media.media_volume import is_directory
from media_guarantees.system.background_command import in_background

_DAYS = [order.replace(" ", between) for order in ("%Y %m %d", "%d %m %Y") for between in ("", "-", "_", ".")]


@dataclass(frozen=True)
class Backup:
    """A copy that the guide's command made in `folder`, and what was observed while it ran.

    `day` is the one on which the command started, `before` what was in the volume then. `asked` and `unanswered`
    count requests to the service while it ran; `leftovers` names volumes and containers that it left on the engine.
    `not_running` says what did not run as before when it was over; empty if everything did.
    """

    copy: Copy
    folder: Path
    day: date
    before: Manifest
    asked: int
    unanswered: int
    leftovers: frozenset[str]
    not_running: str = ""

    @property
    def archive(self) -> Path:
        """The archive. Raises `Unproven` where the guide makes a copy of another kind."""
        return expect_archive(self.copy)

    @property
    def place(self) -> Path:
        """The archive, folder or file. Raises `Unproven` where the copy is in no file."""
        if self.copy.place is None:
            raise Unproven("the guide's backup is in a volume of the engine: there is no file to look at")
        return self.copy.place

    @property
    def reference(self) -> str:
        """What the operator puts where the guide's restore command has its placeholder: a path, with its ending."""
        if self.copy.place is None:
            return ""
        shell, mounted = self.folder / SHELL_ROOT, self.folder.with_name(MOUNTS)
        if self.copy.place.is_relative_to(mounted):  # below a number for each, by its own name
            return str(Path(*self.copy.place.relative_to(mounted).parts[1:]))
        if self.copy.place.is_relative_to(shell):
            return f"/{self.copy.place.relative_to(shell)}"
        return str(self.copy.place.relative_to(self.folder))


def take_backup(stack: Stack, seeded_media: SeededMedia, operator: Operator) -> Deferred[Backup]:
    """Upload the samples and run the guide's backup command, once.

    The returned object gives the backup, or raises the error that occurred.
    """

    def take() -> Backup:
        _, before = seed_media(stack, seeded_media)
        return _backup(stack, operator, before)

    return Deferred(take)


def _backup(stack: Stack, operator: Operator, before: Manifest) -> Backup:
    things, day, running = _on_engine(stack), today(), stack.project.running_services()
    with journal.step("event: the guide's backup"), poll_health(stack) as answers:
        copy = copy_made_by(operator, lambda: operator.run_checked("backup"), before)
    not_running = _not_running_again(stack, running)
    leftovers = frozenset(_on_engine(stack) - things - _of_services(stack))
    if copy.place is None:  # it is in a volume, which is no leftover
        leftovers = frozenset(name for name in leftovers if not name.startswith("volume "))
    return Backup(copy, operator.folder, day, before, len(answers), answers.count(False), leftovers, not_running)


def _not_running_again(stack: Stack, running: Collection[str]) -> str:
    """Wait until the services that were `running` run as before; return what doesn't, which is started then.

    Of a service other than the one under test, that is certain only where its restart policy keeps it running: a
    container that fills a volume ends by itself.
    """
    stopped = [
        service
        for service in running
        if service not in stack.project.running_services()
        and (service == stack.service or stack.project.restart_policy(service) in RETURNING)
    ]
    if stopped:
        _start(stack)
        return f"{' and '.join(stopped)} ran before the backup, and {'is' if len(stopped) == 1 else 'are'} stopped now"
    try:
        stack.health.wait_until_ready()
    except PromiseBroken as broken:
        _start(stack)
        return f"after the backup, {broken.seen}"
    return ""


def _start(stack: Stack) -> None:
    """Start the deployment, for what is judged next: a backup may be a good one all the same."""
    try:
        stack.health.up()
    except PromiseBroken:
        with suppress(PromiseBroken):
            stack.health.recover()


def lose_and_restore(stack: Stack, operator: Operator, backup: Backup) -> None:
    """Lose the media, bring back what the guide's restore needs, and carry that out; the service is up then."""
    step = operator.step("restore")
    kept = lose_media(stack)
    if not is_directory(kept) and stack.backing.exists(kept):
        raise AssertionError(f"{kept} is still there: nothing was lost")
    restore_to(stack, operator, step, backup)


def restore_to(stack: Stack, operator: Operator, step: Step, backup: Backup) -> None:
    """Carry out the guide's restore where there is no volume and no container yet, and start the service."""
    if step.needs_service:
        stack.project.compose("up", "--detach")
    operator.run_checked("restore", archive=backup.reference)
    stack.project.compose("up", "--detach")


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


def _of_services(stack: Stack) -> set[str]:
    """The containers of the services, and the volumes that they mount: a guide that takes them down gets new ones."""
    rows = [row for row in stack.project.client.api.containers(all=True) if _is_of_service(row, stack.project.name)]
    volumes = {f"volume {mount['Name']}" for row in rows for mount in row["Mounts"] if mount.get("Name")}
    return volumes | {f"container {row['Names'][0].lstrip('/')}" for row in rows}


def _is_of_service(row: Mapping[str, Any], project: str) -> bool:
    """Whether a container is one that Compose keeps for a service, and none of a single command."""
    labels = row.get("Labels") or {}
    is_single = labels.get("com.docker.compose.oneoff") == "True"
    return labels.get("com.docker.compose.project") == project and not is_single


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

    with in_background(ask):
        yield answers
