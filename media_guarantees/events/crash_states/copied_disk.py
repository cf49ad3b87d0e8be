"""A disk that is copied the moment something is answered: a power cut leaves that, but for the disk's own cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from media_guarantees.engine.private_engine import PrivateEngine
from media_guarantees.events.crash_states.drive import File
from media_guarantees.events.crash_states.power_cut import PowerCut
from media_guarantees.events.loop_disk import Disk, make_disk, mounted


class CopiedDisk:
    """A mounted disk. Only copies of one instant count: those during which it was not written to."""

    uploads = 6

    def __init__(self, disk: Disk, scope: str) -> None:
        self.disk = disk
        self.scope = scope
        self._answered = 0
        self._copies: dict[int, Path] = {}

    def begin(self) -> None:
        """Forget what was answered until now."""
        self._answered = 0
        self._copies = {}

    def note_answer(self) -> None:
        """Copy the disk as it is now."""
        self._answered += 1
        image = self.disk.image.with_name(f"{self.disk.image.stem}-cut-{self._answered}.img")
        if self.disk.copy(image):
            self._copies[self._answered] = image

    def power_cuts(self, files: Sequence[str]) -> list[PowerCut]:
        """Mount each copy, which replays its journal, and look for `files`."""
        return [PowerCut(answered, self._look(image, files)) for answered, image in self._copies.items()]

    def _look(self, image: Path, files: Sequence[str]) -> list[File]:
        with mounted(self.disk.engine, image) as disk:
            entries = disk.manifest().entries
        found = (entries.get(file.encode()) for file in files)
        return [None if entry is None else [entry.size, entry.sha256] for entry in found]


@contextmanager
def copied_disk(engine: PrivateEngine, image: Path, size: int, *options: str, why: str) -> Iterator[CopiedDisk]:
    """Make a disk of `size` bytes in the file `image`, and mount it with `options` of mount(8) for the block.

    `why` is the reason for which its writes are not logged. Raises `BadInput` without mkfs.ext4 or loop devices.
    """
    make_disk(image, size)
    with mounted(engine, image, *options) as disk:
        yield CopiedDisk(disk, f"what a disk's own cache would lose was not tried: {why}")
