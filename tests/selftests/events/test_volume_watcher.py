"""The watcher reports a file's hash at this moment, whatever its name, and ends with its block."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_programs import Programs
from fake_stack import client_with

from media_guarantees.events.volume_watcher import Watcher, watching
from media_guarantees.media.awkward_names import NASTY_NAMES
from media_guarantees.media.media_volume import VolumeMedia
from media_guarantees.system.commands import CommandFailed


@pytest.fixture(name="watcher")
def _watcher(media: VolumeMedia) -> Iterator[Watcher]:
    with watching(media) as watcher:
        yield watcher


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_is_seen_as_it_is_now(watcher: Watcher, tree: Path) -> None:
    (tree / "avatars").mkdir()
    for content in (b"first", b"second", b""):
        (tree / "avatars/x").write_bytes(content)

        assert watcher.sha256("avatars/x") == sha256(content)


def test_a_file_that_is_not_there_is_seen_as_missing(watcher: Watcher) -> None:
    assert watcher.sha256("avatars/x") is None


def test_a_directory_is_no_file(watcher: Watcher, tree: Path) -> None:
    (tree / "avatars").mkdir()

    assert watcher.sha256("avatars") is None


def test_a_file_that_is_gone_is_not_remembered(watcher: Watcher, tree: Path) -> None:
    (tree / "x").write_bytes(b"x")
    before = watcher.sha256("x")
    (tree / "x").unlink()

    assert (before, watcher.sha256("x")) == (sha256(b"x"), None)


def test_any_name_is_understood(watcher: Watcher, tree: Path) -> None:
    names = [name.decode() for name in NASTY_NAMES if b"\xff" not in name]
    for name in names:
        (tree / name).write_text(name)

    assert {name: watcher.sha256(name) for name in names} == {name: sha256(name.encode()) for name in names}


def test_one_container_answers_every_question_and_can_write_nothing(watcher: Watcher, programs: Programs) -> None:
    for _ in range(3):
        watcher.sha256("x")

    (call,) = programs.calls("docker")
    assert "--volume=media_volume:/volume:ro,nocopy " in call


def test_the_watching_container_ends_with_its_block(media: VolumeMedia) -> None:
    with watching(media) as watcher:
        process = watcher._process
        assert process.poll() is None

    assert process.returncode == 0, "the end of its input is to end it, not a signal"


def test_a_container_that_does_not_start_is_reported(programs: Programs, media: VolumeMedia) -> None:
    programs.add("docker", "exit 125")

    with pytest.raises(CommandFailed, match="status 125: the watching container ended"), watching(media):
        pass


def test_a_container_that_ends_before_its_answer_is_reported(programs: Programs, media: VolumeMedia) -> None:
    programs.add("docker", "echo watching; exec 0<&-; exit 137")

    with watching(media) as watcher:
        watcher._process.wait()

        with pytest.raises(CommandFailed, match="status 137: the watching container ended"):
            watcher.sha256("x")


def test_a_volume_that_does_not_exist_is_not_watched(programs: Programs) -> None:
    media = VolumeMedia("gone_volume", client_with("media_volume"), os.environ, {})

    with pytest.raises(Exception, match="no such volume: gone_volume"), watching(media):
        pass

    assert programs.calls("docker") == []
