"""A lock on a folder shows that a running run uses it, and ends with that run."""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
from pathlib import Path

import pytest
from fake_clock import WoundClock

from media_guarantees.core.errors import BadInput
from media_guarantees.system import folder_lock


def test_a_lock_keeps_others_out_for_as_long_as_it_is_held(tmp_path: Path) -> None:
    with folder_lock.taken(tmp_path) as mine, folder_lock.taken(tmp_path) as theirs:
        assert mine, "no process held it"
        assert not theirs, "it was held"

    with folder_lock.taken(tmp_path) as again:
        assert again, "it was given up"


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    holder = ["flock", "--no-fork", str(tmp_path), "cat"]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"held\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"held\n"
        with folder_lock.taken(tmp_path) as while_it_lives:
            assert not while_it_lives
        process.kill()
        process.communicate()

    with folder_lock.taken(tmp_path) as afterwards:
        assert afterwards, "its holder was killed"


def test_a_lock_that_is_held_is_waited_for_and_the_wait_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="verify.progress")
    clock = WoundClock()
    held = folder_lock.take(tmp_path)
    assert held is not None
    clock.at(1001, lambda: os.close(held))

    with folder_lock.waited_for(tmp_path, "building images", clock=clock), folder_lock.taken(tmp_path) as free:
        assert not free, "the lock should be held now"

    assert "waiting for another run, which is building images" in caplog.text
    assert clock.time >= 1001, "it did not wait"


def test_a_lock_that_is_never_given_up_ends_the_wait_in_words(tmp_path: Path) -> None:
    waiting = folder_lock.waited_for(tmp_path, "building images", clock=WoundClock())

    with (
        folder_lock.taken(tmp_path),
        pytest.raises(BadInput, match="another run has been building images for 900 s, and holds the lock on"),
        waiting,
    ):
        pytest.fail("the lock is held by another run")


def test_a_child_does_not_hold_the_lock_on(tmp_path: Path) -> None:
    descriptor = folder_lock.take(tmp_path)
    assert descriptor is not None

    assert not os.get_inheritable(descriptor)
    os.close(descriptor)


def test_a_folder_that_is_gone_can_not_be_locked(tmp_path: Path) -> None:
    assert folder_lock.take(tmp_path / "gone") is None


@pytest.mark.parametrize("again", [False, True], ids=["removed", "made again"])
def test_a_folder_that_goes_before_it_is_locked_can_not_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    """The lock would be on a removed folder, and would not protect the new folder of that name."""
    folder = tmp_path / "folder"
    folder.mkdir()
    lock = fcntl.flock

    def replace_first(descriptor: int, operation: int) -> None:
        folder.rename(tmp_path / "old")
        if again:
            folder.mkdir()
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", replace_first)

    assert folder_lock.take(folder) is None


def test_what_is_no_folder_can_not_be_locked(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert folder_lock.take(tmp_path / "file") is None
