"""A program that mounts a disk in each of many states, and says which files it finds.

It runs inside a private engine's namespaces, and ends with them. Mounting is mostly waiting, so several loop devices
take turns. It reads a `Job` as JSON from its standard input, and writes what it found in each state as a line of JSON.
"""

from __future__ import annotations

import json
import queue
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from media_guarantees.events.crash_states.crash_state import CrashState, pieces
from media_guarantees.events.crash_states.drive import Drive, Look
from media_guarantees.events.crash_states.sparse_image import SparseImage
from media_guarantees.events.crash_states.write_log import Entry, read_log

LANES = 4
"""How many states are mounted at once."""

RUN = Path("/run")
"""Where the program keeps its files: it is in memory there, and goes with the engine."""


@dataclass(frozen=True)
class Job:
    """The states to look at, and the `files` to look for, as paths on the disk.

    `base` is the file with the disk before the first entry of the log, `log` the file with the log.
    """

    base: str
    log: str
    states: tuple[CrashState, ...]
    files: tuple[str, ...]

    def to_json(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Job:
        """Return the job that `to_json` wrote."""
        read = json.loads(text)
        states = (CrashState(each["settled"], each["cut"], tuple(each["kept"])) for each in read.pop("states"))
        return cls(**{**read, "files": tuple(read["files"])}, states=tuple(states))


def look_at(job: Job, open_drive: Callable[[int, int, SparseImage], Drive]) -> Iterator[Look]:
    """Yield what is found in each state, in their order. `open_drive` gets a number, the disk's size, its content."""
    entries = read_log(Path(job.log).read_bytes())
    settled = settled_images(SparseImage.read(Path(job.base)), entries, job.states)
    size = Path(job.base).stat().st_size
    drives: queue.SimpleQueue[Drive] = queue.SimpleQueue()

    def look(state: CrashState) -> Look:
        since = pieces(entries, state.settled, state.cut)
        image = settled[state.settled].written(since[number] for number in state.kept)
        drive = drives.get()
        try:
            return drive.look(image, job.files)
        finally:
            drives.put(drive)

    with ExitStack() as stack:
        for number in range(min(LANES, len(job.states))):
            drive = open_drive(number, size, settled[job.states[0].settled])
            stack.callback(drive.close)
            drives.put(drive)
        pool = stack.enter_context(ThreadPoolExecutor(LANES))
        yield from pool.map(look, job.states)


def settled_images(base: SparseImage, entries: Sequence[Entry], states: Sequence[CrashState]) -> dict[int, SparseImage]:
    """Return the disk after as many entries as are settled in any of the states, by their number."""
    images = {}
    image, done = base, 0
    for settled in sorted({state.settled for state in states}):
        image, done = image.written(pieces(entries, done, settled)), settled
        images[settled] = image
    return images


def main() -> None:
    """Do the job of the standard input."""
    job = Job.from_json(sys.stdin.buffer.read())
    with tempfile.TemporaryDirectory(prefix="media-verify-", dir=RUN) as name:
        for look in look_at(job, lambda number, size, first: Drive(Path(name, str(number)), size, first)):
            print(json.dumps(look), flush=True)  # noqa: T201 - it is a program, and this is its answer


if __name__ == "__main__":
    main()
