"""A program gets a log and states, mounts a disk in each state, and prints what it finds in their order."""

import io
import json
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from made_logs import flush, log, write

from media_guarantees.events.crash_states import mounted_states
from media_guarantees.events.crash_states.crash_state import CrashState
from media_guarantees.events.crash_states.drive import Drive, Look
from media_guarantees.events.crash_states.mounted_states import LANES, Job, look_at
from media_guarantees.events.crash_states.sparse_image import CHUNK, SparseImage

SIZE = 2 * CHUNK
FIRST = CrashState(settled=0, cut=1, kept=())
STATES = (FIRST, CrashState(settled=1, cut=4, kept=()), CrashState(settled=1, cut=4, kept=(1,)))
"""Of the log that `job` has: nothing; one write; the first and the third of them."""


class FakeDrive:
    """It finds the first letter of each sector that is written to."""

    in_use = 0
    drives: list["FakeDrive"]

    def __init__(self, number: int, size: int, first: SparseImage) -> None:
        assert size == SIZE
        assert (number, bytes(first.chunks[0][:1])) == (len(self.drives), b"0")
        self.alone = threading.Lock()
        self.closed = False
        self.drives.append(self)

    def look(self, image: SparseImage, files: Sequence[str]) -> Look:
        """Return the letters, and after them the files that were asked for."""
        assert self.alone.acquire(blocking=False), "a drive is one state at a time"
        try:
            assert not self.closed
            return [[bytes(image.chunks[0][at : at + 1]).decode() for at in range(0, 2048, 512)], *files]
        finally:
            self.alone.release()

    def close(self) -> None:
        """Note that it is closed."""
        self.closed = True


@pytest.fixture(name="drives")
def _drives(monkeypatch: pytest.MonkeyPatch) -> list[FakeDrive]:
    drives: list[FakeDrive] = []
    monkeypatch.setattr(FakeDrive, "drives", drives, raising=False)
    return drives


@pytest.fixture(name="job")
def _job(tmp_path: Path) -> Job:
    base = tmp_path / "disk.base"
    base.write_bytes(b"0" * SIZE)
    later = write(1, b"d"), flush(), write(4, b"e")
    logged = log(write(1, b"a"), flush(), write(2, b"b"), write(3, b"c"), *later)
    (tmp_path / "disk.log").write_bytes(logged)
    return Job(str(base), str(tmp_path / "disk.log"), STATES, ("one.png",))


def test_each_state_is_looked_at_with_what_it_holds_in_the_order_of_the_states(
    job: Job, drives: list[FakeDrive]
) -> None:
    found = list(look_at(job, cast("Any", FakeDrive)))

    assert found == [
        [["0", "0", "0", "0"], "one.png"],
        [["0", "a", "0", "0"], "one.png"],
        [["0", "a", "0", "c"], "one.png"],
    ]
    assert all(drive.closed for drive in drives)


def test_no_more_drives_are_opened_than_are_used_at_once(job: Job, drives: list[FakeDrive]) -> None:
    many = Job(job.base, job.log, STATES * 20, job.files)

    assert len(list(look_at(many, cast("Any", FakeDrive)))) == 60
    assert len(drives) == LANES


def test_drives_are_closed_whatever_happens(job: Job, drives: list[FakeDrive], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Look:
        raise OSError("the device is gone")

    monkeypatch.setattr(FakeDrive, "look", fail)

    with pytest.raises(OSError, match="the device is gone"):
        list(look_at(job, cast("Any", FakeDrive)))

    assert len(drives) == 3
    assert all(drive.closed for drive in drives)


def test_a_job_is_the_same_after_it_was_sent(job: Job) -> None:
    assert Job.from_json(job.to_json()) == job


def test_the_program_answers_with_a_line_for_each_state(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[Path] = []

    def open_drive(folder: Path, size: int, _first: SparseImage) -> Drive:
        opened.append(folder)
        assert size == SIZE
        look = lambda *_: [[5, "sum"], None, "it is no file"]  # noqa: E731
        return cast("Drive", SimpleNamespace(look=look, close=lambda: None))

    monkeypatch.setattr(mounted_states, "Drive", open_drive)
    monkeypatch.setattr(mounted_states, "RUN", tmp_path)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(job.to_json())))

    mounted_states.main()

    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [[[5, "sum"], None, "it is no file"]] * 3
    assert [folder.name for folder in opened] == ["0", "1", "2"]
    assert opened[0].parent.name.startswith("media-verify-")
    assert not opened[0].parent.exists(), "its folder is removed"
