"""What a power cut leaves on a disk, and the disks whose power can be cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from media_guarantees.events.crash_states.drive import File, Look
from media_guarantees.events.loop_disk import Disk
from media_guarantees.media.uploads.platform_protocol import Upload


class PowerCut(NamedTuple):
    """What was found after a power cut. `answered` counts the answers that had arrived before it."""

    answered: int
    look: Look

    def lost(self, uploads: Sequence[Upload]) -> list[str]:
        """Return each upload that was answered and is not there as it was sent, and what is there instead.

        The first files that were looked for must be those of `uploads`. A disk that can't be mounted gives none.
        """
        if isinstance(self.look, str):
            return []
        held = zip(uploads[: self.answered], self.look, strict=False)
        return [
            f"{upload.path}: {_in_words(file, upload.size)}"
            for upload, file in held
            if file != [upload.size, upload.sample.sha256]
        ]


def _in_words(file: File, size: int) -> str:
    if file is None:
        return "no such file"
    if isinstance(file, str):
        return file
    return f"{file[0]} of {size} bytes" if file[0] != size else "other bytes"


class CuttableDisk(Protocol):
    """A mounted disk whose power can be cut.

    `uploads` is how many uploads to cut the power between: as many as its cuts have time for. `scope` is a clause that
    says what the cuts lose.
    """

    disk: Disk
    uploads: int
    scope: str

    def begin(self) -> None:
        """Begin the time in which the power is cut: what is on the disk by now stays."""

    def note_answer(self) -> None:
        """Note that something was answered just now: whatever cut comes after has to leave it."""

    def power_cuts(self, files: Sequence[str]) -> list[PowerCut]:
        """Cut the power between `begin` and the last answer, in many ways, and look for `files` after each."""
