"""Acknowledged uploads survive a power cut, which loses everything that was not yet on the disk."""

from __future__ import annotations

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
from media_guarantees.events.loop_disk import Disk, make_disk, media_on, mounted
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.media.manifest import Entry, Manifest
from media_guarantees.media.media_volume import is_directory
from media_guarantees.media.uploads.platform_protocol import Upload

pytestmark = pytest.mark.guarantee("beyond.power_loss")

CUTS = 6
DISK_BYTES = 64 * 1024 * 1024
# Nothing gets to the disk because a time is over, so that what is there was put there (ext4(5), "commit").
PATIENCE = "commit=600"
CONTROL = "never-synced"
IN_MEMORY = {"tmpfs", "ramfs"}


class Cut(NamedTuple):
    """What is on the disk after a power cut, and the uploads that were answered before it."""

    acknowledged: tuple[Upload, ...]
    found: Manifest

    @property
    def lost(self) -> list[str]:
        """Return the acknowledged uploads that are not there as they were sent, and what is there instead."""
        return [
            f"{upload.path}: {'no such file' if entry is None else f'{entry.size} of {upload.size} bytes'}"
            for upload in self.acknowledged
            if (entry := self.found.entries.get(upload.path.encode())) is None or entry.sha256 != upload.sample.sha256
        ]


class Outages(NamedTuple):
    """What each of several power cuts left, and what one left of a file that was written and never synced."""

    cuts: tuple[Cut, ...]
    control: Entry | None


@pytest.fixture(scope="module", name="disk")
def _disk(engine: Engine, run_folder: Path) -> Iterator[Disk]:
    """A disk of the private engine."""
    if engine.private_engine is None:
        pytest.skip("cutting the power takes a private engine, under which a disk of the run's own can be put")
    image = run_folder / "power.img"
    with ExitStack() as stack:
        try:
            make_disk(image, DISK_BYTES)
            disk = stack.enter_context(mounted(engine.private_engine, image, PATIENCE))
        except BadInput as problem:
            pytest.skip(str(problem))
        yield disk


@pytest.fixture(scope="module", name="outages")
def _outages(disk: Disk, session_stack: Stack, seeded_media: SeededMedia) -> Deferred[Outages]:
    """Cut the power just after an upload is answered, several times."""
    if not session_stack.platform.has_upload_api:
        pytest.skip("the suite wrote the media itself: it is unknown whether the platform would have synced them")
    return Deferred(lambda: cut_power(session_stack, disk, seeded_media))


def cut_power(stack: Stack, disk: Disk, seeded_media: SeededMedia) -> Outages:
    """Copy the disk after each upload, as a power cut would leave it, and check every consistent copy."""
    stack.health.recover()
    expect_no_memory(stack)
    uploads: tuple[Upload, ...] = ()
    copies: dict[Path, tuple[Upload, ...]] = {}
    with media_on(disk, stack), journal.step(f"event: cutting the power, {CUTS} times"):
        for number in range(CUTS):
            uploads += (stack.platform.upload(seeded_media.fresh(stack.platform.kinds)),)
            image = disk.image.with_name(f"power-cut-{number}.img")
            if disk.copy(image):
                copies[image] = uploads
        disk.run("sh", "-c", 'echo never synced > "$1"', "sh", f"{disk.folder}/{CONTROL}")
        after_control = disk.image.with_name("power-cut-control.img")
        disk.copy(after_control)
    cuts = tuple(Cut(acknowledged, found_on(disk, image)) for image, acknowledged in copies.items())
    return Outages(cuts, found_on(disk, after_control).entries.get(CONTROL.encode()))


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


def found_on(disk: Disk, image: Path) -> Manifest:
    """Switch on again: mount a copy of the disk, which replays its journal, and list it."""
    with mounted(disk.engine, image) as found:
        return found.manifest()


def test_such_a_power_cut_loses_what_was_not_synced(outages: Deferred[Outages]) -> None:
    done = outages.get()

    if done.control is not None and done.control.size:
        pytest.skip("a file that was not synced survived the cut: losing nothing else would show nothing")
    journal.add_evidence("a file that was written and not synced is lost in such a cut")


def test_every_acknowledged_picture_is_whole_after_a_power_cut(outages: Deferred[Outages]) -> None:
    cuts = outages.get().cuts

    if not cuts:
        pytest.skip(f"the disk was written to during each of {CUTS} cuts: none was of one instant")
    lost = [one for cut in cuts for one in cut.lost]
    asked = sum(len(cut.acknowledged) for cut in cuts)
    if lost:
        raise PromiseBroken(
            f"after {len(cuts)} power cuts, {len(lost)} of {asked} acknowledged pictures are not whole: "
            f"{'; '.join(lost[:5])}",
            next_step="call fsync on the file, and on its directory, before the upload is answered",
        )
    journal.add_evidence(
        f"{len(cuts)} power cuts, after 1 to {len(cuts[-1].acknowledged)} answers: every picture is whole"
    )
