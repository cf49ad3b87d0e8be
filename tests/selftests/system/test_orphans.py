"""A process that a killed run left is recognised by its environment and ended, even if it is frozen; no other is."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from processes import expect_gone, state_of

from media_guarantees.core.waiting import wait_until
from media_guarantees.system import orphans
from media_guarantees.system.orphans import MARK, end_orphans, mark_of, marked, program_of
from media_guarantees.system.run_id import start_ticks, this_run

MINE = this_run(shared=False).identifier
OVER = f"{MINE}0"  # the same process number, but another start


@contextmanager
def waiting(mark: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for input, with such a mark in its environment."""
    environment = {**os.environ, MARK: mark}
    with subprocess.Popen(["cat"], env=environment, stdin=subprocess.PIPE) as process:
        wait_until(lambda: mark_of(process.pid), what="the process has its own environment", seconds=10)
        yield process
        process.communicate()


def test_a_process_is_known_by_the_run_that_it_was_started_by() -> None:
    with waiting(OVER) as process:
        assert (process.pid, OVER) in set(marked())


def test_what_a_process_starts_is_known_too() -> None:
    environment = {**os.environ, MARK: OVER}
    command = ["sh", "-c", "sh -c 'echo $$; read -r _'; :"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        child = int(process.stdout.readline())
        mark = mark_of(child)
        process.communicate()

    assert mark == OVER


def test_an_orphan_is_ended() -> None:
    with waiting(OVER) as process:
        end_orphans()

        expect_gone(process.pid)


def test_an_orphan_that_is_frozen_is_ended() -> None:
    with waiting(OVER) as process:
        process.send_signal(signal.SIGSTOP)

        end_orphans()

        expect_gone(process.pid)


@pytest.mark.parametrize("mark", [MINE, "another", f"{'0' * 8}-1-1"], ids=["in progress", "no run", "elsewhere"])
def test_a_process_of_what_is_not_surely_over_is_left_alone(mark: str) -> None:
    with waiting(mark) as process:
        end_orphans()

        assert state_of(process.pid)


def test_a_process_without_a_mark_is_no_orphan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MARK, raising=False)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        assert mark_of(process.pid) == ""
        assert start_ticks(process.pid), "it was there to be asked"
        process.communicate()


def test_a_number_that_has_become_another_processs_is_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with waiting(MINE) as process:
        monkeypatch.setattr(orphans, "marked", lambda: [(process.pid, OVER)])

        end_orphans()

        assert state_of(process.pid)


def test_a_process_that_ends_during_the_search_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with waiting(OVER) as process:
        process.communicate()
        monkeypatch.setattr(orphans, "marked", lambda: [(process.pid, OVER)])

        end_orphans()


def test_a_system_without_proc_has_no_orphans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "PROC", tmp_path)

    assert list(marked()) == []


@pytest.mark.parametrize("program", ["ssh", "ssh-agent", "gpg-agent"])
def test_a_program_that_serves_the_users_other_sessions_is_left_alone(tmp_path: Path, program: str) -> None:
    """For example an ssh master connection that `docker` started."""
    copy = tmp_path / program
    shutil.copy(shutil.which("cat") or "", copy)
    with subprocess.Popen([copy], env={**os.environ, MARK: OVER}, stdin=subprocess.PIPE) as process:
        wait_until(lambda: mark_of(process.pid), what="the program has its own environment", seconds=10)
        assert (program_of(process.pid), mark_of(process.pid)) == (program, OVER)

        end_orphans()

        assert process.poll() is None
        process.communicate()
