"""A disk whose power can be cut, of the better kind that this machine can have."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from media_guarantees.core.errors import BadInput
from media_guarantees.engine.private_engine import PrivateEngine
from media_guarantees.events.crash_states.copied_disk import copied_disk
from media_guarantees.events.crash_states.logged_disk import logged_disk
from media_guarantees.events.crash_states.power_cut import CuttableDisk
from media_guarantees.events.crash_states.storage_daemon import find_storage_daemon

SIZE = 64 * 1024 * 1024
# Nothing gets to the disk because a time is over, so that what is there was put there (ext4(5), "commit").
_PATIENCE = "commit=600"


@contextmanager
def cuttable_disk(
    engine: PrivateEngine, cache: Path, folder: Path, *, rng: random.Random, limit: int
) -> Iterator[CuttableDisk]:
    """Mount a disk of `SIZE` bytes, whose files are in `folder`, for the block.

    Its writes are logged if the storage daemon is to be had and runs here, and the power is cut in up to `limit` ways,
    drawn with `rng`. Else it is copied at each answer. Raises `BadInput` where this machine can have no disk.
    """
    with ExitStack() as stack:
        disk: CuttableDisk
        try:
            daemon = find_storage_daemon(cache)
            logged = logged_disk(engine, daemon, folder / "logged.img", SIZE, _PATIENCE, rng=rng, limit=limit)
            disk = stack.enter_context(logged)
        except BadInput as problem:
            copied = copied_disk(engine, folder / "copied.img", SIZE, _PATIENCE, why=problem.problem)
            disk = stack.enter_context(copied)
        yield disk
