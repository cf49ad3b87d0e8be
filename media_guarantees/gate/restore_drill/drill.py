"""The restore drill on a live server: the guide's restore of a backup, into a scratch volume.

The backup is one that the guide's command makes for the drill, or an archive that is already there. The live volume is
only read. Changes that people made while the backup ran are not counted as losses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from media_guarantees.archive.examine import DamagedArchive, read_archive
from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput, PromiseBroken, Unproven
from media_guarantees.core.text import readable_size
from media_guarantees.engine import helper_container
from media_guarantees.events.copies.backup_run import promises_day
from media_guarantees.gate.kept.archive_shelf import Shelf
from media_guarantees.gate.live_gate import Gate
from media_guarantees.gate.restore_drill.rewrite_command import redirect
from media_guarantees.gate.volume_scan import VolumeScan
from media_guarantees.guide.guide_runner import named_volumes
from media_guarantees.guide.reader import Guide, StepAmbiguous, StepMissing
from media_guarantees.guide.steps import ARCHIVE_ENDING, Step
from media_guarantees.media.diff import Difference, diff, summarize
from media_guarantees.media.manifest import Manifest
from media_guarantees.system import commands
from media_guarantees.system.run_id import LABEL, Run, expiring

_MEANWHILE = ("file changed as we read it", "File removed before we read it")
_PLAIN_FOLDER = re.compile(r"[\w.-]+(?:/[\w.-]+)*")
SECONDS = 6 * 3600.0  # of a command; a terabyte takes its time


@dataclass(frozen=True)
class BackupTaken:
    """The archives that the backup command left.

    `live` is the volume when the command began, without the paths in `changed`, which people changed while it ran.
    `promises_day` is whether the guide names its archives after the day.
    """

    day: date
    names: tuple[str, ...]
    live: Manifest
    changed: frozenset[bytes]
    backups: str
    promises_day: bool = True

    @property
    def name(self) -> str:
        """The archive's name. Raises `PromiseBroken` unless there is exactly one."""
        if len(self.names) != 1:
            raise PromiseBroken(
                f"the backup command ended with status 0 and left {len(self.names)} archives: {', '.join(self.names)}",
                means="there is no backup, although the command says so",
            )
        return self.names[0]

    def differences(self, copy: Manifest) -> tuple[Difference, ...]:
        """Compare a copy with what was live, to the second as the archive's format has it."""
        kept = copy.only(lambda path: path not in self.changed)
        found = diff(self.live, kept, mtime="seconds", ignore={"links"})
        changes = tuple(each for each in found if not self._is_time_of_no_file(each))
        journal.add_evidence(f"{summarize(self.live, changes)}; {len(self.changed)} changed in between")
        return changes

    def _is_time_of_no_file(self, change: Difference) -> bool:
        """Whether it is the time of a directory or a link, which BusyBox's tar does not set."""
        return change.aspect == "mtime" and self.live.entries[change.path].kind != "file"


class Drill:
    """Runs the guide's commands on scratch volumes."""

    def __init__(self, gate: Gate, guide: Guide, run: Run, folder: Path) -> None:
        self.gate = gate
        self.guide = guide
        self.labels = expiring(run.labels)
        self.folder = folder
        self.backups, self.restored = (f"{LABEL}-{run.identifier}-{name}" for name in ("backups", "restored"))

    def back_up(self) -> BackupTaken:
        """Run the guide's backup command with the live volume read-only; scan the volume before and after."""
        volume = self.gate.expect_one_volume().name
        step = self._step("backup", volume)
        script = redirect(step, media=volume, backups=self.backups, read_only=True, labels=self.labels)
        before = self.gate.fresh_scan()
        day = date.today()  # noqa: DTZ011 - the day that the operator's `date` prints
        with journal.step("event: the guide's backup, of the live volume"):
            self._type(step, script)
        after = self.gate.fresh_scan()
        changed = changed_between(before, after)
        names = self._archives()
        return BackupTaken(day, names, before.manifest(without=changed), changed, self.backups, promises_day(step))

    def _archives(self) -> tuple[str, ...]:
        """Return the archives in the scratch folder of backups, by their names there, whatever a guide calls them."""
        live = self.gate.live
        listed = live.volume_helper(self.backups)(["find", ".", "-type", "f", "-printf", r"%P\0"])
        names = commands.check(listed, env=live.engine.environment).stdout.decode(errors="surrogateescape").split("\0")
        return tuple(sorted(filter(ARCHIVE_ENDING.search, names)))

    def read(self, name: str, *, original: Manifest | None = None) -> Manifest:
        """Return the media in the archive `name`: what is below the directory in it that holds those of the `original`.

        Raises `PromiseBroken` for one that is damaged.

        Where the archive could not be fetched whole, because the connection was lost or took too long, nothing can be
        said about it: raises `CommandFailed` or `subprocess.TimeoutExpired`.
        """
        live = self.gate.live
        command = live.volume_helper(self.backups)(["cat", "--", name])
        try:
            with commands.streamed(command, env=live.engine.environment, timeout=SECONDS) as stream:
                return read_archive(cast("BinaryIO", stream), original=original)
        except DamagedArchive as damage:
            raise PromiseBroken(f"{name} can't be read: {damage}", next_step="take the backup again") from damage

    def restore(self, name: str) -> Manifest:
        """Run the guide's restore command on a scratch volume in place of the live one; return what was restored."""
        step = self._step("restore", self.gate.expect_one_volume().name)
        script = redirect(step, media=self.restored, backups=self.backups, read_only=False, labels=self.labels)
        filled = Step(step.source, step.line, script, step.procedure)
        ending = ARCHIVE_ENDING.search(name)
        stem, suffix = ARCHIVE_ENDING.sub("", PurePosixPath(name).name), ending.group() if ending else ""
        try:
            script = filled.fill(stem, suffix) if filled.placeholder else script
        except ValueError as misfit:
            raise Unproven(f"the name of the backup can't be filled in as the guide says: {misfit}") from misfit
        with journal.step("event: the guide's restore, into a volume of the run's own"):
            typed = self._type(step, script)
        journal.add_figures(restore_seconds=round(typed.seconds, 1))
        return self.gate.live.scan(self.restored, self.gate.folder).manifest()

    def bring(self, name: str, shelf: Shelf) -> None:
        """Copy an archive to where the guide's restore command looks for it, in the scratch folder of backups."""
        step = self._step("restore", self.gate.expect_one_volume().name)
        with journal.step(f"copying {name} into a volume of the run's own"):
            shelf.copy_into(self.backups, folder_of_archives(step), name, self.gate.live)

    def expect_room(self, size: int) -> None:
        """Raise `BadInput` where the scratch volumes can't hold `size` bytes."""
        live = self.gate.live
        asked = commands.check(
            live.volume_helper(self.restored)(["stat", "--file-system", "--format=%a %S", "."]),
            env=live.engine.environment,
        )
        blocks, each = map(int, asked.text.split())
        if blocks * each < size:
            raise BadInput(
                f"there is no room for the drill: it takes {readable_size(size)} for the archive and what is in it, "
                f"and the engine's disk has {readable_size(blocks * each)} left",
                "free some, or drill on another server: SERVER=…",
            )

    def _step(self, procedure: str, volume: str) -> Step:
        step = read_step(self.guide, procedure, volume)
        expect_named(step, volume)
        return step

    def _type(self, step: Step, script: str) -> commands.Outcome:
        if (
            not self.gate.live.engine.docker("image", "inspect", helper_container.IMAGE).ok
            and helper_container.IMAGE in script
        ):
            journal.add_evidence(f"{helper_container.IMAGE} is not on the engine: the guide's command pulls it")
        environment = self.gate.live.engine.environment
        typed = commands.run(["bash", "-c", script], cwd=self.folder, env=environment, timeout=SECONDS, kind="guide")
        if people_were_uploading(typed):
            journal.add_evidence(
                f"the guide's {step.procedure} command ended with status 1, as people were uploading "
                f"({typed.complaint.rpartition(': ')[0]}): it is judged by what is in the archive"
            )
        elif not typed.ok:
            raise PromiseBroken(
                f"the guide's {step.procedure} command ended with status {typed.status}: {typed.complaint}",
                means="this command would fail on this server if it were needed now",
                next_step="run it by hand and read what it prints",
            )
        return typed

    def make_room(self) -> None:
        """Create the scratch volumes, with labels by which a later run recognises them."""
        labels = helper_container.label_arguments(self.labels)
        for name in (self.backups, self.restored):
            commands.check(["docker", "volume", "create", *labels, name], env=self.gate.live.engine.environment)

    def clear_away(self) -> None:
        """Remove the scratch volumes, and containers that a guide's command left on them."""
        docker = self.gate.live.engine.docker
        for name in (self.backups, self.restored):
            if left := docker("ps", "--all", "--quiet", "--filter", f"volume={name}").text.split():
                docker("rm", "--force", *left)
            docker("volume", "rm", "--force", name)


def read_step(guide: Guide, procedure: str, volume: str) -> Step:
    """Return the guide's command for `procedure`: of several, the one that works on the media's `volume`.

    Where none does, it is the first, which a reader of the guide would take. Raises `Unproven` where the guide
    describes none, or several that work on the volume.
    """
    try:
        return guide.about({volume}).step(procedure)
    except (StepMissing, StepAmbiguous) as unclear:
        raise Unproven(f"the guide does not describe it: {unclear}") from unclear


def folder_of_archives(step: Step) -> str:
    """Return the folder, below the one that a restore command mounts, in which it looks for archives; "" for that one.

    A folder whose name the reader of the guide fills in can be any.
    """
    archive = PurePosixPath(step.archive or "")
    for source, target in step.volumes:
        if source not in named_volumes(step) and archive.is_relative_to(target):
            folder = str(archive.parent.relative_to(target))
            return folder if _PLAIN_FOLDER.fullmatch(folder) and ".." not in folder.split("/") else ""
    return ""


def expect_named(step: Step, volume: str) -> None:
    """Raise `PromiseBroken` where a command works on another volume than `volume`; `Unproven` where it names none."""
    where, named = f"line {step.line} of {step.source.name}", named_volumes(step)
    if not named:
        raise Unproven(f"the guide's {step.procedure} command, {where}, names no volume")
    if {*named} != {volume}:
        raise PromiseBroken(
            f"the media are in {volume}, but {where} names {' and '.join(named)}",
            means=f"the {step.procedure} command makes a new, empty volume, works on that, and reports success",
            next_step=f"give the volume its literal name in the compose file:  name: {named[0]}",
        )


@contextmanager
def room_for_drill(drill: Drill) -> Iterator[Drill]:
    """Keep the scratch volumes of a drill during the block."""
    drill.make_room()
    try:
        yield drill
    finally:
        drill.clear_away()


def people_were_uploading(typed: commands.Outcome) -> bool:
    """Whether `tar` reports nothing but files that changed while it read them (GNU tar manual, "Return Values")."""
    said = [line for line in typed.stderr.decode(errors="replace").splitlines() if line.startswith("tar: ")]
    return typed.status == 1 and bool(said) and all(line.endswith(_MEANWHILE) for line in said)


def changed_between(before: VolumeScan, after: VolumeScan) -> frozenset[bytes]:
    """Return the paths that differ between two scans, or were unstable in one."""
    both: Mapping[bytes, bytes] = before.entries
    paths = before.entries.keys() | after.entries.keys()
    other = {path for path in paths if both.get(path) != after.entries.get(path)}
    return frozenset(other | before.unstable | after.unstable)
