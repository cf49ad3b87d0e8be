"""The options of the deploy gate."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from media_guarantees.core.errors import BadInput
from media_guarantees.gate.kept.archive_request import ArchiveRequest
from media_guarantees.gate.kept.archive_shelf import expect_local

MODES = FULL, QUICK = ("full", "quick")
DRILLS = RUN, SKIP = ("run", "skip")


@dataclass(frozen=True)
class GateSettings:
    """The options of the deploy gate. `removed` are patterns, and `removed_list` a file of paths, that may be gone.

    `archive` is the backup that a restore drill is about, None for one that the drill makes; where it is on this
    machine, its path is relative to `folder`.
    """

    state: Path
    host: str = ""
    project: str = ""
    media_server: str = ""
    manifest: str = FULL
    sample: int = 1000
    seed: int = 1
    drill: str = RUN
    removed: tuple[str, ...] = ()
    removed_list: Path | None = None
    archive: ArchiveRequest | None = None
    folder: Path = Path()

    def check(self) -> None:
        """Raise `BadInput` for values that make no sense."""
        for option, value, choices in (("manifest", self.manifest, MODES), ("drill", self.drill, DRILLS)):
            if value not in choices:
                raise BadInput(f"--{option} is {value!r}", f"choose one of {', '.join(choices)}")
        if self.removed_list and not self.removed_list.is_file():
            raise BadInput(f"there is no list of removals {self.removed_list}", "give REMOVED_LIST=…, one path a line")
        if self.archive and not self.host and self.drill == RUN:
            expect_local(self.folder / self.archive.place)

    def is_declared(self) -> Callable[[bytes], bool]:
        """Return a function: whether a path, relative to the media root, was declared as removed on purpose."""
        text = self.removed_list.read_bytes() if self.removed_list else b""
        listed = {line.removeprefix(b"./").lstrip(b"/") for line in text.splitlines()} - {b""}
        return lambda path: path in listed or any(fnmatchcase(os.fsdecode(path), each) for each in self.removed)

    @property
    def how(self) -> str:
        """Describe the manifest, and what it would miss."""
        if self.manifest == FULL:
            return "full manifest: every content was read"
        return (
            f"quick manifest: names, sizes, times, modes and owners of all; contents of {self.sample} files drawn with "
            f"seed {self.seed}, and of all that look changed. It would miss content that changed while size and all "
            "times stayed the same, outside of that sample"
        )
