"""A backup that can't be made says so, by its exit status; and what it leaves behind is not accepted as a backup."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from docker.errors import APIError
from docker.models.containers import Container

from media_guarantees.archive.examine import check
from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.core.waiting import wait_until
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.events.before_after import seed_media
from media_guarantees.events.copies.made_copy import copy_made_by, files_beside_media, is_archive
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.guide.guide_runner import Operator, named_volumes
from media_guarantees.guide.shell.confined_shell import SHELL_ROOT
from media_guarantees.media.media_volume import VolumeMedia
from media_guarantees.system import commands
from media_guarantees.system.run_id import Run

pytestmark = pytest.mark.guarantee("backup.fails_loudly")

# What is wrong with the disk that backups go to: how it is mounted (tmpfs(5)), and how one sees that it is so.
DISKS: Mapping[str, tuple[str, Callable[[os.statvfs_result], object]]] = {
    "full": ("size=64k", lambda disk: disk.f_bavail == 0),
    "out of inodes": ("nr_inodes=1", lambda disk: disk.f_ffree == 0),
    "read-only": ("ro", lambda disk: disk.f_flag & os.ST_RDONLY),
}
LARGE = "media-verify-large"  # beside a picture; takes tar many seconds to read, and no room on the disk
HALF_WAY_SECONDS = 60.0


@dataclass(frozen=True)
class OperatorFolder:
    """The operator, in a folder of which `own` is all that was in it before."""

    operator: Operator
    own: frozenset[Path]

    @property
    def folder(self) -> Path:
        """Where the operator stands."""
        return self.operator.folder

    def left(self) -> list[Path]:
        """Every file that a backup left."""
        return [path for path in files_in(self.folder) if path not in self.own]


@pytest.fixture(name="operator_folder")
def _operator_folder(
    operator: Operator, run_folder: Path, backup_folder: Path, request: pytest.FixtureRequest
) -> OperatorFolder:
    """The operator, in a folder in which there is no backup yet."""
    del backup_folder  # where that can't be, nothing here can be tested
    there = operator.in_folder(run_folder / re.sub(r"\W+", "-", request.node.name))
    return OperatorFolder(there, frozenset(files_in(there.folder)))


@pytest.fixture(scope="module", name="backup_folder")
def _backup_folder(session_stack: Stack, seeded_media: SeededMedia, operator: Operator, run_folder: Path) -> Path:
    """Where the guide's command puts a backup, below the operator's folder."""
    there = operator.in_folder(run_folder / "a-backup")
    written = files_beside_media(operator)
    with suppress(PromiseBroken):
        _, media = seed_media(session_stack, seeded_media)
        made = copy_made_by(there, lambda: there.run("backup"), media).place
        if made is None or made.parent == there.folder:
            raise Unproven("the guide's backup is in no folder of its own: none that could be a disk that is full")
        return made.parent.relative_to(there.folder)
    if files_beside_media(operator) != written:
        raise Unproven("a service of the compose file writes the guide's backup: its disk can't be exchanged")
    return Path("backups")


@pytest.mark.parametrize("trouble", DISKS)
def test_a_backup_that_finds_no_room_says_so(
    stack: Stack,
    seeded_media: SeededMedia,
    operator_folder: OperatorFolder,
    engine: Engine,
    backup_folder: Path,
    trouble: str,
) -> None:
    if engine.private_engine is None:
        pytest.skip("a small disk would be a mount of the machine's own: it takes a private engine")
    options, is_so = DISKS[trouble]
    seed_media(stack, seeded_media)
    (operator_folder.folder / backup_folder).mkdir(parents=True, exist_ok=True)

    with engine.private_engine.small_disk(operator_folder.folder / backup_folder, options) as disk:
        outcome = operator_folder.operator.run("backup")
        if outcome.ok and operator_folder.left() and not files_in(disk):
            raise Unproven("the guide's backup is not written by the engine, the only one to see a disk that is full")

        expect_loud(outcome, files_in(disk), event=f"a backup to a disk that is {trouble}")
        if not is_so(os.statvfs(disk)):
            raise PromiseBroken(
                f"the backup ended with status {outcome.status} before the disk was {trouble}: {outcome.complaint}",
                means="it fails anyway: no backup is made at all",
            )


def test_a_backup_of_a_volume_that_is_not_there_says_so(
    stack: Stack, operator_folder: OperatorFolder, absent: str
) -> None:
    assert not stack.backing.exists(absent)
    if not named_volumes(operator_folder.operator.step("backup")):
        raise Unproven("the guide's backup names no volume: there is none that could be missing")

    outcome = replace(operator_folder.operator, rename=lambda _: absent).run("backup")

    expect_loud(outcome, operator_folder.left(), event="a backup of a volume that isn't there")
    assert not stack.backing.exists(absent), f"the backup made {absent} itself, empty"


@pytest.fixture(name="absent")
def _absent(stack: Stack, run: Run) -> Iterator[str]:
    """The name of a volume that isn't there; what a backup makes of it goes again."""
    name = run.name("media_that_are_not_there")
    yield name
    commands.run(["docker", "volume", "rm", "--force", name], env=stack.environment)


@pytest.fixture(name="killed_backup")
def _killed_backup(
    stack: Stack, seeded_media: SeededMedia, operator_folder: OperatorFolder
) -> Iterator[Deferred[commands.Outcome]]:
    """A backup whose container is killed while it writes the archive."""
    planted: list[VolumeMedia] = []

    def kill() -> commands.Outcome:
        if not operator_folder.operator.step("backup").volumes:
            raise Unproven("the guide's backup is not written by a container of its own: there is none to kill")
        uploads, _ = seed_media(stack, seeded_media)
        planted.append(stack.media)
        planted[0].shell('truncate --size=8G "$(dirname -- "$1")/$2"', uploads[0].path, LARGE)
        with operator_folder.operator.start("backup") as command:
            # The engine may not yet list a container that writes already: wait until it does.
            writers = wait_until(
                lambda: (
                    backing_up(stack, operator_folder)
                    if any(file.stat().st_size for file in operator_folder.left())
                    else None
                ),
                what="the archive is being written",
                seconds=HALF_WAY_SECONDS,
                died=lambda: None if command.running else "the backup is over",
            )
            for container in writers:
                with suppress(APIError):  # it may be over already, which the command's status tells
                    container.kill()
            return command.finish()

    yield Deferred(kill)
    for media in planted:  # and not the stack's: a guide may have stopped the service, and have been killed then
        media.shell('find . -name "$1" -delete', LARGE)


def test_a_backup_that_is_killed_half_way_says_so(
    killed_backup: Deferred[commands.Outcome], operator_folder: OperatorFolder
) -> None:
    outcome = killed_backup.get()

    expect_loud(outcome, operator_folder.left(), event="a backup that was killed half-way")


def backing_up(stack: Stack, operator_folder: OperatorFolder) -> list[Container]:
    """The containers that write into the operator's folder: only the guide's command knows of it."""
    return [
        container
        for container in stack.project.client.containers.list()
        if any(mount["Source"].startswith(str(operator_folder.folder)) for mount in container.attrs["Mounts"])
    ]


def files_in(folder: Path) -> list[Path]:
    """Every file in a folder, and in those below; of a shell's own, which hold system files, the archives."""
    return [path for path in folder.rglob("*") if path.is_file() and (is_archive(path) or not is_of_shell(path))]


def is_of_shell(path: Path) -> bool:
    """Whether a file is in what stands for the machine in the shell in which the guide's commands are typed."""
    return SHELL_ROOT in path.parts


def expect_loud(outcome: commands.Outcome, left: Sequence[Path], *, event: str) -> None:
    """Raise `PromiseBroken` if the command ended as if all was well, or `left` what passes for a backup."""
    if outcome.ok:
        raise PromiseBroken(
            f"{event} ended with status 0 and left {[path.name for path in left]}",
            means="the operator, or the cron job, believes that there is a backup",
            next_step="let nothing after tar take its exit status, and ask for the volume first, by its name: "
            "docker volume inspect NAME > /dev/null && docker run …",
        )
    for path in left:
        # A link that leads out of the volume is one that the suite planted there: no reason to refuse what is left.
        if not is_archive(path):
            continue
        problems = [problem for problem in check(path) if problem.kind != "unsafe link"]
        assert problems, f"{event} left {path.name}, {path.stat().st_size} bytes, which passes for a backup"
        journal.add_evidence(f"{path.name} is refused: {problems[0]}")
    journal.add_evidence(f"{event} ended with status {outcome.status}")
