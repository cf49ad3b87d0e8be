"""A running command can be read, frozen and signalled, and never outlives its block."""

import logging
import os
import signal
import subprocess
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

import pytest
from processes import expect_gone, pid_in, state_of

from media_guarantees.core.waiting import DeadlineExceeded, wait_until
from media_guarantees.system.background_command import Background, started


def bash(script: str, folder: Path) -> AbstractContextManager[Background]:
    return started(["bash", "-c", script], cwd=folder, env={"PATH": os.environ["PATH"], "MEDIA": "here"})


def test_it_runs_in_the_given_folder_with_the_given_environment(tmp_path: Path) -> None:
    with bash("pwd; echo $MEDIA; echo ${HOME-none}", tmp_path) as process:
        outcome = process.finish()

    assert outcome.text.splitlines() == [str(tmp_path.resolve()), "here", "none"]


def test_in_the_end_everything_it_said_is_there(tmp_path: Path) -> None:
    with bash("head -c 300000 /dev/zero; echo error >&2; exit 3", tmp_path) as process:
        outcome = process.finish()

    assert (len(outcome.stdout), outcome.stderr, outcome.status) == (300_000, b"error\n", 3)
    assert outcome.args[:2] == ("bash", "-c")


def test_it_has_no_input_to_wait_for(tmp_path: Path) -> None:
    with bash("cat", tmp_path) as process:
        assert process.finish(seconds=10).ok


def test_what_it_says_is_heard_while_it_runs(tmp_path: Path) -> None:
    with bash("echo copying; exec sleep 60", tmp_path) as process:
        process.wait_for_output(b"copying")

        assert process.running


def test_what_it_says_on_standard_error_is_heard_too(tmp_path: Path) -> None:
    with bash("echo copying >&2; exec sleep 60", tmp_path) as process:
        process.wait_for_output(b"copying")


def test_last_words_are_heard_even_if_they_come_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found_dead = threading.Semaphore(0)
    listen = Background._listen

    def listen_late(self: Background, name: str, stream: IO[bytes]) -> None:
        for _ in range(2 if name == "stdout" else 0):  # the second time, who waits has seen the end and waits on
            found_dead.acquire(timeout=2)
        listen(self, name, stream)

    def running(self: Background) -> bool:
        alive = self._process.poll() is None
        if not alive:
            found_dead.release()
        return alive

    monkeypatch.setattr(Background, "_listen", listen_late)
    monkeypatch.setattr(Background, "running", property(running))

    with bash("echo farewell", tmp_path) as process:
        process.wait_for_output(b"farewell", seconds=10)


def test_waiting_for_words_ends_with_the_command(tmp_path: Path) -> None:
    with bash("echo other; exit 3", tmp_path) as process:
        with pytest.raises(DeadlineExceeded, match=r"the command says 'copying' is pointless: it ended with status 3"):
            process.wait_for_output(b"copying")


def test_waiting_for_words_ends_in_time(tmp_path: Path) -> None:
    with bash("exec sleep 60", tmp_path) as process:
        with pytest.raises(DeadlineExceeded, match=r"timed out after 0\.02 s waiting until the command says 'copying'"):
            process.wait_for_output(b"copying", seconds=0.02)


def test_it_runs_until_it_has_ended(tmp_path: Path) -> None:
    with bash("exec sleep 60", tmp_path) as process:
        assert process.running
        process.signal(signal.SIGTERM)
        process.finish()

        assert not process.running


def test_a_signal_reaches_its_children_too(tmp_path: Path) -> None:
    with bash("sleep 60 & echo $! > child; wait", tmp_path) as process:
        child = pid_in(tmp_path / "child")
        process.signal(signal.SIGTERM)

        assert process.finish().status == -signal.SIGTERM
        expect_gone(child)


def test_a_signal_that_comes_too_late_does_no_harm(tmp_path: Path) -> None:
    with bash("exit 3", tmp_path) as process:
        process.finish()
        process.signal(signal.SIGTERM)

        assert process.finish().status == 3


def test_frozen_it_stops_with_its_children_until_it_is_thawed(tmp_path: Path) -> None:
    with bash("sleep 60 & echo $! > child; wait", tmp_path) as process:
        both = [pid_in(tmp_path / "child"), process._process.pid]

        process.freeze()
        wait_until(lambda: {state_of(pid) for pid in both} == {"T"}, what="both are stopped", seconds=5)
        process.thaw()
        wait_until(lambda: "T" not in {state_of(pid) for pid in both}, what="both go on", seconds=5)


def test_frozen_it_does_not_notice_until_it_is_thawed(tmp_path: Path) -> None:
    with bash("trap 'exit 9' TERM; echo ready; sleep 60 & wait", tmp_path) as process:
        process.wait_for_output(b"ready")
        process.freeze()
        process.signal(signal.SIGTERM)
        assert process.running

        process.thaw()

        assert process.finish().status == 9


def test_who_does_not_finish_in_time_is_not_waited_for(tmp_path: Path) -> None:
    with bash("exec sleep 60", tmp_path) as process:
        with pytest.raises(subprocess.TimeoutExpired, match=r"timed out after 0\.02 seconds"):
            process.finish(seconds=0.02)


def test_its_end_is_journalled_as_the_guides(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with bash("exit 3", tmp_path) as process, caplog.at_level(logging.INFO, logger="verify.events"):
        process.finish()

    (event,) = [vars(record)["event"] for record in caplog.records]
    assert (event.kind, event.what, event.status) == ("guide", "bash -c exit 3", 3)


@pytest.mark.parametrize("trouble", ["", "trap '' TERM HUP INT; ", "kill -STOP $child; kill -STOP $$; "])
def test_no_process_outlives_the_block(tmp_path: Path, trouble: str) -> None:
    script = f"sleep 60 & child=$!; echo $child > child; echo $$ > leader; {trouble} wait"

    with bash(script, tmp_path):
        pids = [pid_in(tmp_path / name) for name in ("child", "leader")]

    for pid in pids:
        expect_gone(pid)


def test_a_block_that_fails_leaves_no_process_either(tmp_path: Path) -> None:
    def fail_meanwhile() -> None:
        with bash("echo $$ > leader; exec sleep 60", tmp_path):
            pid_in(tmp_path / "leader")
            raise ConnectionError("no answer")

    with pytest.raises(ConnectionError, match="no answer"):
        fail_meanwhile()

    expect_gone(pid_in(tmp_path / "leader"))


def test_a_child_that_its_leader_left_behind_goes_too(tmp_path: Path) -> None:
    with bash("sleep 60 >/dev/null 2>&1 & echo $! > child", tmp_path) as process:
        process.finish()

    expect_gone(pid_in(tmp_path / "child"))


def test_its_pipes_are_closed(tmp_path: Path) -> None:
    with bash("exec sleep 60", tmp_path) as process:
        pass

    pipes = [process._process.stdout, process._process.stderr]
    assert [pipe for pipe in pipes if pipe is not None and not pipe.closed] == []


def test_it_goes_on_for_a_while_and_is_stopped_then(tmp_path: Path) -> None:
    def went_on_after(before: int) -> bool:
        return process.run_for(0.1) and (tmp_path / "ticks").stat().st_size > before

    with bash("while :; do echo x >> ticks; done", tmp_path) as process:
        wait_until(lambda: went_on_after(0), what="it begins", seconds=30)
        before = (tmp_path / "ticks").stat().st_size

        assert not process.ends_within(0.1)
        assert (tmp_path / "ticks").stat().st_size == before, "it went on although it was stopped"
        wait_until(lambda: went_on_after(before), what="it goes on", seconds=30)


def test_one_that_ends_by_itself_is_not_stopped(tmp_path: Path) -> None:
    with bash("true", tmp_path) as process:
        assert not process.run_for(10)
        assert process.ends_within(0)
