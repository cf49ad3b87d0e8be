"""Acknowledged uploads survive a power cut, which loses everything that was not yet on the disk."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import BadInput, PromiseBroken
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.events.crash_states.cuttable_disk import cuttable_disk
from media_guarantees.events.crash_states.drive import File
from media_guarantees.events.crash_states.power_cut import CuttableDisk, PowerCut
from media_guarantees.events.loop_disk import media_on
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.media.media_volume import is_directory
from media_guarantees.media.uploads.platform_protocol import Upload
from media_guarantees.settings import Settings

pytestmark = pytest.mark.guarantee("beyond.power_loss")

CUTS = 400
CONTROL = "never-synced"
IN_MEMORY = {"tmpfs", "ramfs"}


class Outage(NamedTuple):
    """What many power cuts left of `uploads` and of a file that was never synced. `scope` says what the cuts lose."""

    uploads: tuple[Upload, ...]
    cuts: list[PowerCut]
    scope: str

    @property
    def controls(self) -> list[File]:
        """What was left of the file that was never synced, in each cut that came after it was written."""
        after = (cut.look for cut in self.cuts if cut.answered > len(self.uploads))
        return [look[-1] for look in after if not isinstance(look, str)]


@pytest.fixture(scope="module", name="disk")
def _disk(engine: Engine, session_stack: Stack, run_folder: Path, settings: Settings) -> Iterator[CuttableDisk]:
    """A disk of the private engine whose power can be cut."""
    if engine.private_engine is None:
        pytest.skip("cutting the power takes a private engine, under which a disk of the run's own can be put")
    if not session_stack.platform.has_upload_api:
        pytest.skip("the suite wrote the media itself: it is unknown whether the platform would have synced them")
    rng = random.Random(f"{settings.seed}/power")  # noqa: S311 - drawn from a seed so that a run can be repeated
    with ExitStack() as stack:
        try:
            disk = stack.enter_context(
                cuttable_disk(engine.private_engine, settings.cache, run_folder, rng=rng, limit=CUTS)
            )
        except BadInput as problem:
            pytest.skip(str(problem))
        yield disk


@pytest.fixture(scope="module", name="outage")
def _outage(disk: CuttableDisk, session_stack: Stack, seeded_media: SeededMedia) -> Deferred[Outage]:
    """Cut the power during uploads, in many ways."""
    return Deferred(lambda: cut_power(session_stack, disk, seeded_media))


def cut_power(stack: Stack, disk: CuttableDisk, seeded_media: SeededMedia) -> Outage:
    """Upload pictures, one after the other, to a disk whose power is cut."""
    stack.health.recover()
    expect_no_memory(stack)
    uploads: tuple[Upload, ...] = ()
    with media_on(disk.disk, stack), journal.step(f"event: cutting the power during {disk.uploads} uploads"):
        disk.begin()
        for _ in range(disk.uploads):
            uploads += (stack.platform.upload(seeded_media.fresh(stack.platform.kinds)),)
            disk.note_answer()
        disk.disk.run("sh", "-c", 'echo never synced > "$1"', "sh", f"{disk.disk.folder}/{CONTROL}")
        disk.note_answer()
    cuts = disk.power_cuts([*(upload.path for upload in uploads), CONTROL])
    return Outage(uploads, cuts, disk.scope)


def expect_no_memory(stack: Stack) -> None:
    """Raise `PromiseBroken` if the volume is in memory: no disk under it would change that."""
    if is_directory(stack.backing.name):
        return
    volume = stack.backing.volume
    options = stack.project.client.volumes.get(volume).attrs["Options"] or {}
    if options.get("type") in IN_MEMORY:
        raise PromiseBroken(
            f"{stack.backing.volume} is in memory ({options['type']}): a power cut leaves nothing of it"
        )


def test_such_a_power_cut_loses_what_was_not_synced(outage: Deferred[Outage]) -> None:
    controls = outage.get().controls

    if not any(file is None or (isinstance(file, list) and not file[0]) for file in controls):
        pytest.skip("no power cut lost a file that was not synced: losing nothing else would show nothing")
    journal.add_evidence("a file that was written and not synced is lost in such a cut")


def test_every_acknowledged_picture_is_whole_after_a_power_cut(outage: Deferred[Outage]) -> None:
    done = outage.get()
    cuts = [cut for cut in done.cuts if cut.answered]

    if not cuts:
        pytest.skip(f"the disk was written to during each of {len(done.uploads)} cuts: none was of one instant")
    losses = [lost for cut in cuts if (lost := cut.lost(done.uploads))]
    if losses:
        raise PromiseBroken(
            f"after {len(losses)} of {len(cuts)} power cuts, acknowledged pictures are not whole: "
            f"{'; '.join(list(dict.fromkeys(one for lost in losses for one in lost))[:5])}",
            next_step="call fsync on the file, and on its directory, before the upload is answered",
        )
    if problems := [cut.look for cut in cuts if isinstance(cut.look, str)]:
        pytest.skip(f"after {len(problems)} of {len(cuts)} power cuts the disk can't be mounted: {problems[0]}")
    journal.add_evidence(
        f"{len(cuts)} power cuts, after 1 to {len(done.uploads)} answers: every picture is whole; {done.scope}"
    )
