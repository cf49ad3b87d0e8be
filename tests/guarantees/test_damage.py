"""A damaged backup is refused before it is restored, or by the restore itself, and none reaches outside the volume."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import pytest

from media_guarantees.archive.damaged_copy import (
    DAMAGES,
    ESCAPE_MARKER,
    HOSTILE_MEMBERS,
    DamagedCopy,
    compress,
    compression_named,
    compression_of,
    corrupt,
    hostile,
)
from media_guarantees.archive.examine import UnsupportedArchive, check, examine
from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.helper_container import label_arguments
from media_guarantees.events.before_after import expect_restored, seed_media
from media_guarantees.events.copies.made_copy import archive_made_by, archives_in
from media_guarantees.events.home.media_home import promised_volumes
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.guide.steps import ARCHIVE_ENDING, Step
from media_guarantees.media.diff import describe, diff
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.manifest import ROOT, Manifest
from media_guarantees.media.media_volume import VolumeMedia, is_directory
from media_guarantees.settings import Settings
from media_guarantees.system import commands
from media_guarantees.system.run_id import Run

pytestmark = pytest.mark.guarantee("restore.rejects_damage")

EACH = 3
USUAL = Path("backups")
DAY = "20010101"


@dataclass(frozen=True)
class RestoreBench:
    """What restores of damaged backups need: a sound backup, its content, and a scratch volume.

    `made` is where the guide's own command puts a backup, below the operator's folder.
    """

    archive: bytes
    manifest: Manifest
    operator: Operator
    aside: VolumeMedia
    made: Path

    def put(self, content: bytes | None) -> None:
        """Write `content` as the backup; None removes it."""
        # A restore may read from another folder than the backup writes to: that is judged elsewhere.
        for place in {self.made, USUAL / self.made.name}:
            file = self.operator.folder / place
            if content is None:
                file.unlink(missing_ok=True)
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)

    def outside(self) -> Manifest:
        """What is in the operator's folder, but for media that are kept there."""
        media = self.operator.media
        if media is None or not media.is_relative_to(self.operator.folder):
            return read_directory(self.operator.folder)
        own = os.fsencode(media.relative_to(self.operator.folder))
        return read_directory(self.operator.folder).only(lambda path: path != own and not path.startswith(own + b"/"))

    def restore(self) -> commands.Outcome:
        """Run the guide's restore command for the backup."""
        return self.operator.run("restore", archive=ARCHIVE_ENDING.sub("", self.made.name))


@pytest.fixture(scope="module", name="restore_bench")
def _restore_bench(
    session_stack: Stack, seeded_media: SeededMedia, operator: Operator, run: Run, run_folder: Path
) -> Iterator[Deferred[RestoreBench]]:
    """A backup that GNU tar made of the media, in the form of the guide's: here only its restore is judged."""
    stack = session_stack
    name = run.name("media_restored_aside")

    def prepare() -> RestoreBench:
        step = operator.step("restore")
        is_in_directory = is_directory(stack.backing.name) and not promised_volumes(stack, operator)
        # What runs on the host is known by its effect alone: the backup of it is looked at below.
        if step.kind != "archive" and not (is_in_directory and step.kind == "effect"):
            what = "a folder" if step.kind == "folder" else "a copy that only the program that made it reads"
            raise Unproven(f"the guide's restore is of {what}: only archives are damaged here")
        _, manifest = seed_media(stack, seeded_media)
        there = operator.in_folder(run_folder / "damage")
        made = latest(operator.folder) or taken(there)
        stack.health.recover()  # a guide may stop the service for its backup
        place = made.path if made else USUAL / f"{operator.step('restore').stem_of(DAY)}.tar.gz"
        form = ["--transform", renamed(made.prefix(manifest) if made else ROOT)]
        content = commands.check(stack.media.helper_command("tar", *form, "-cf", "-", "."), env=stack.environment)
        archive = compress(content.stdout, compression_named(place.name))
        if is_in_directory:
            return RestoreBench(archive, manifest, there, emptied(stack.media, there, step), place)
        stack.project.docker("volume", "create", *label_arguments(run.labels), name)
        aside = replace(stack.media, volume=name)
        replace(aside, folder="").shell('mkdir -p -- "./$1"', aside.folder)
        return RestoreBench(archive, manifest, replace(there, rename=lambda _: name), aside, place)

    yield Deferred(prepare)
    commands.run(["docker", "volume", "rm", "--force", name], env=stack.environment)


def emptied(media: VolumeMedia, there: Operator, step: Step) -> VolumeMedia:
    """Return the directory of the media in the folder of the operator `there`, empty; the service has another one."""
    if there.media is None or not there.media.is_relative_to(there.folder) or step.needs_service:
        raise Unproven("the guide's restore can't be pointed at another directory than the deployment's own")
    aside = replace(media, volume=str(there.media), folder="")
    aside.shell("find . -mindepth 1 -delete")
    return aside


@dataclass(frozen=True)
class MadeBackup:
    """A backup that the guide's own command made: its `path` below `folder`."""

    folder: Path
    path: Path

    def prefix(self, media: Manifest) -> bytes:
        """Return the directory in it that holds the media, which a restore expects there."""
        return examine(self.folder / self.path, against=media).prefix


def latest(folder: Path) -> MadeBackup | None:
    """Return the latest backup in the operator's folder, if there is one."""
    archives = archives_in(folder)
    newest = max(archives, key=lambda path: archives[path], default=None)
    return MadeBackup(folder, newest.relative_to(folder)) if newest else None


def taken(operator: Operator) -> MadeBackup | None:
    """Take a backup with the guide's command; return None where it makes none, which is judged elsewhere."""
    with suppress(PromiseBroken, Unproven):
        made = archive_made_by(operator, lambda: operator.run("backup"))
        return MadeBackup(operator.folder, made.relative_to(operator.folder))
    return None


def renamed(prefix: bytes) -> str:
    """Return the expression by which GNU tar puts everything below `prefix`, and leaves alone where links point."""
    plain = re.sub(r"([\\,&])", r"\\\1", prefix.decode(errors="surrogateescape"))
    return f"s,^\\.,{plain},rhS"


def test_a_sound_backup_is_accepted_and_restored(restore_bench: Deferred[RestoreBench]) -> None:
    bench = restore_bench.get()
    bench.put(bench.archive)

    problems = check(BytesIO(bench.archive), against=bench.manifest)
    restored = bench.restore()

    assert not problems, f"a check that refuses what is sound is no help: {problems[:5]}"
    assert restored.ok, f"the restore of a sound backup ended with status {restored.status}: {restored.complaint}"
    expect_restored(bench.manifest, bench.aside.manifest(), event="restoring a sound backup")


@pytest.mark.parametrize("kind", [*DAMAGES, *HOSTILE_MEMBERS])
def test_a_damaged_backup_is_refused(restore_bench: Deferred[RestoreBench], settings: Settings, kind: str) -> None:
    bench = restore_bench.get()
    rng = random.Random(f"{settings.seed} {kind}")  # noqa: S311 - drawn from a seed so that a run can be repeated
    cases = [corrupt(bench.archive, kind, rng) for _ in range(EACH)]

    refusals = [refusal(bench, case) for case in cases]

    for case, reason in zip(cases, refusals, strict=True):
        journal.add_evidence(f"{case}: {reason}")


def refusal(bench: RestoreBench, case: DamagedCopy) -> str:
    """Return how a damaged backup is refused; raises `PromiseBroken` if it isn't."""
    with suppress(UnsupportedArchive):  # a bit of its header says that it takes more memory: the restore shows it
        if problems := check(BytesIO(case.content), against=bench.manifest):
            return f"the check says {problems[0]}"
    bench.put(case.content)
    outcome = bench.restore()
    if outcome.ok:
        raise PromiseBroken(f"the check lets it through, and the restore ends with status 0: {case}")
    return f"the restore ends with status {outcome.status}"


def test_restoring_a_backup_that_is_not_there_fails(restore_bench: Deferred[RestoreBench]) -> None:
    bench = restore_bench.get()
    bench.put(None)

    outcome = bench.restore()

    if outcome.ok:
        raise PromiseBroken(
            f"asked for {bench.made.name}, which isn't there, the restore command ended with status 0: {outcome.text}",
            means="an operator who mistypes a name believes that the media are back",
            next_step="let nothing come between tar and the command's exit status",
        )
    journal.add_evidence(f"restoring {bench.made.name}, which isn't there, ends with status {outcome.status}")


def test_nothing_outside_the_volume_is_written(restore_bench: Deferred[RestoreBench]) -> None:
    bench = restore_bench.get()
    bench.put(hostile(compression_of(bench.archive)))
    before = bench.outside()

    outcome = bench.restore()

    after, inside = bench.outside(), bench.aside.manifest()
    if changes := diff(before, after):
        raise PromiseBroken(
            describe(changes, event="restoring an archive whose names lead out of the volume"),
            means="anyone who can plant a backup can write anywhere on the server",
            next_step="leave -P (--absolute-names) out of the restore command",
        )
    tried = not outcome.ok or any(ESCAPE_MARKER.encode() in path for path in inside.entries)
    assert tried, "nothing was restored, and nothing refused: nothing was shown"
    journal.add_evidence(
        f"of {len(HOSTILE_MEMBERS)} ways out none was taken; the restore ended with status {outcome.status}"
    )
