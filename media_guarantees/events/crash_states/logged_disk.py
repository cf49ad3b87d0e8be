"""A disk for media whose every write is logged, and what a power cut at any point of the log leaves of its files."""

from __future__ import annotations

import json
import os
import random
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from media_guarantees.core.paths import ROOT
from media_guarantees.engine.private_engine import PrivateEngine
from media_guarantees.events.crash_states import mounted_states
from media_guarantees.events.crash_states.crash_state import crash_states
from media_guarantees.events.crash_states.drive import Look
from media_guarantees.events.crash_states.mounted_states import Job
from media_guarantees.events.crash_states.power_cut import PowerCut
from media_guarantees.events.crash_states.storage_daemon import StorageDaemon, logged_file
from media_guarantees.events.crash_states.write_log import entries_by, read_log
from media_guarantees.events.loop_disk import Disk, make_disk, mounted
from media_guarantees.system import commands


class LoggedDisk:
    """A mounted disk. `base` is a file with what was on it before its first write, `log` the file with every write.

    A cut leaves any state of `limit` that are drawn with `rng`.
    """

    uploads = 16
    scope = "each cut loses another part of what the disk had not flushed"

    def __init__(self, disk: Disk, base: Path, log: Path, rng: random.Random, limit: int) -> None:
        self.disk = disk
        self._base = base
        self._log = log
        self._random = rng
        self._limit = limit
        self._begin = 0
        self._answers: list[int] = []

    def begin(self) -> None:
        """Write everything to the disk: from here on, the power is cut."""
        self.disk.run("sync", "-f", self.disk.folder)
        self._begin = self._log_size()
        self._answers = []

    def note_answer(self) -> None:
        """Note how long the log is: every request that the disk completed before is in it."""
        self._answers.append(self._log_size())

    def _log_size(self) -> int:
        return self._log.stat().st_size

    def power_cuts(self, files: Sequence[str]) -> list[PowerCut]:
        """Mount the disk in every state that is drawn of those after the first answer, and look for `files`."""
        log = read_log(self._log.read_bytes())
        known = [entries_by(log, answer) for answer in self._answers]
        begin = entries_by(log, self._begin)
        entries = log[: known[-1]]
        states = crash_states(entries, begin, self._random, self._limit, first_cut=known[0])
        looks = self._look(Job(str(self._base), str(self._log), tuple(states), tuple(files)))
        return [PowerCut(bisect_right(known, state.cut), look) for state, look in zip(states, looks, strict=True)]

    def _look(self, job: Job) -> list[Look]:
        program = self.disk.engine.nsenter_command(sys.executable, "-m", mounted_states.__name__)
        done = commands.check(program, stdin=job.to_json(), env={**os.environ, "PYTHONPATH": str(ROOT)})
        return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def logged_disk(
    engine: PrivateEngine, daemon: StorageDaemon, image: Path, size: int, *options: str, rng: random.Random, limit: int
) -> Iterator[LoggedDisk]:
    """Make a disk of `size` bytes in the file `image`, and mount it with `options` of mount(8) for the block.

    The power is cut in up to `limit` ways, drawn with `rng`. Raises `BadInput` where this machine can't do that:
    without mkfs.ext4, loop devices or FUSE.
    """
    base, log = image.with_suffix(".base"), image.with_suffix(".log")
    make_disk(base, size)
    commands.check(["cp", "--sparse=always", str(base), str(image)])
    with logged_file(engine, daemon, image, log, image.stem) as file:
        # What mkfs left to be filled in later (mke2fs(8), "lazy_itable_init") would only fill the log.
        with mounted(engine, Path(file), "noinit_itable", *options) as disk:
            yield LoggedDisk(disk, base, log, rng, limit)
