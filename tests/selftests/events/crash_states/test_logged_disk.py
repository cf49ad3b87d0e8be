"""A disk whose writes are logged is held, in each state, to what was answered by then."""

import random
import sys
from pathlib import Path

import pytest
from fake_programs import Programs
from made_disks import engine
from made_logs import flush, log, write

from media_guarantees.events.crash_states import logged_disk
from media_guarantees.events.crash_states.crash_state import CrashState
from media_guarantees.events.crash_states.logged_disk import LoggedDisk
from media_guarantees.events.crash_states.mounted_states import Job
from media_guarantees.events.crash_states.storage_daemon import StorageDaemon
from media_guarantees.events.loop_disk import Disk

ALL = 10_000


class LoggedService:
    """A disk whose log grows by what a service writes, and a program that finds the same in each state of it."""

    def __init__(self, tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log = tmp_path / "power.log"
        self.job = tmp_path / "job.json"
        disk = Disk(engine(), tmp_path / "power.img", "/run/media-verify-power")
        rng = random.Random(1)  # noqa: S311 - not for secrets
        self.disk = LoggedDisk(disk, tmp_path / "power.base", self.log, rng, ALL)
        self._entries: list[bytes] = []
        line_for_each = """grep -o '"settled"' "$job" | sed 's/.*/[[8, "sum"]]/'"""
        program = programs.add("python", f'job="{self.job}"; cat > "$job"; {line_for_each}')
        monkeypatch.setattr(sys, "executable", str(program))
        programs.add("sync")
        self.write()

    def write(self, *entries: bytes) -> None:
        """Add what the disk completed."""
        self._entries += entries
        self.log.write_bytes(log(*self._entries))

    def answered(self) -> dict[CrashState, int]:
        """Cut the power, and return how many answers each state is held to."""
        cuts = self.disk.power_cuts(["a.png"])
        assert all(cut.look == [[8, "sum"]] for cut in cuts)
        states = Job.from_json(self.job.read_bytes()).states
        return {state: cut.answered for state, cut in zip(states, cuts, strict=True)}


@pytest.fixture(name="service")
def _service(tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> LoggedService:
    return LoggedService(tmp_path, programs, monkeypatch)


def test_a_state_is_held_to_what_was_answered_before_the_power_was_cut(service: LoggedService) -> None:
    service.disk.begin()
    service.write(write(1, b"a"), flush())
    service.disk.note_answer()
    service.write(write(2, b"b"))
    service.disk.note_answer()
    service.write(flush(), write(3, b"c"))
    service.disk.note_answer()

    assert service.answered() == {
        CrashState(settled=1, cut=3, kept=()): 2,
        CrashState(settled=3, cut=5, kept=()): 3,
        CrashState(settled=3, cut=5, kept=(0,)): 3,
    }


def test_a_state_is_not_held_to_an_answer_that_came_after_the_flush_that_it_lacks(service: LoggedService) -> None:
    service.disk.begin()
    service.disk.note_answer()
    service.write(write(1, b"a"), flush())
    service.disk.note_answer()

    assert service.answered() == {CrashState(settled=0, cut=1, kept=()): 1, CrashState(settled=1, cut=2, kept=()): 2}


def test_what_was_written_before_the_begin_is_there_in_every_state(service: LoggedService, programs: Programs) -> None:
    service.write(write(1, b"old"), write(2, b"old"))
    service.disk.begin()
    service.disk.note_answer()

    assert service.answered() == {CrashState(settled=2, cut=2, kept=()): 1}
    assert programs.calls("sync") == ["-f /run/media-verify-power"]


def test_what_is_written_after_the_last_answer_is_in_no_state(service: LoggedService) -> None:
    service.disk.begin()
    service.write(write(1, b"a"))
    service.disk.note_answer()
    service.write(write(2, b"b"), flush(), write(3, b"c"))

    assert {state.cut for state in service.answered()} == {1}


def test_a_new_begin_forgets_earlier_answers(service: LoggedService) -> None:
    service.disk.begin()
    service.disk.note_answer()
    service.write(write(1, b"a"))
    service.disk.begin()
    service.disk.note_answer()

    assert service.answered() == {CrashState(settled=1, cut=1, kept=()): 1}


def test_the_program_that_looks_gets_the_disk_its_log_and_the_files(service: LoggedService, tmp_path: Path) -> None:
    service.disk.begin()
    service.disk.note_answer()

    service.disk.power_cuts(["a.png", "b.png"])

    job = Job.from_json(service.job.read_bytes())
    assert (job.base, job.log) == (str(tmp_path / "power.base"), str(service.log))
    assert job.files == ("a.png", "b.png")


def test_fewer_answers_of_the_program_than_states_are_an_error(service: LoggedService, programs: Programs) -> None:
    programs.add("python", "cat > /dev/null")
    service.disk.begin()
    service.disk.note_answer()

    with pytest.raises(ValueError, match="shorter"):
        service.disk.power_cuts(["a.png"])


def test_a_disk_is_logged_from_before_it_is_mounted_until_it_no_longer_is(
    made: list[tuple[object, ...]], tmp_path: Path
) -> None:
    daemon = StorageDaemon("qemu-storage-daemon", {})
    rng = random.Random(1)  # noqa: S311 - not for secrets

    image = tmp_path / "power.img"
    with logged_disk.logged_disk(engine(), daemon, image, 4096, "commit=600", rng=rng, limit=5) as disk:
        assert disk.disk.folder == "/run/mounted"

    assert made == [
        ("make", "power.base", 4096),
        ("log", "power.img", "power.log"),
        ("mount", "power", "noinit_itable", "commit=600"),
        ("unmount", "power"),
        ("end of the log",),
    ]
    assert image.read_bytes() == b"empty", "the disk begins as its base"
