"""A disk that is copied is held, in each copy, to what was answered before it was made."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from made_disks import engine

from media_guarantees.events.crash_states import copied_disk
from media_guarantees.events.crash_states.copied_disk import CopiedDisk
from media_guarantees.events.loop_disk import Disk
from media_guarantees.media.manifest import Entry, Manifest


@pytest.fixture(name="copied")
def _copied(made: list[tuple[object, ...]], tmp_path: Path) -> Iterator[CopiedDisk]:
    with copied_disk.copied_disk(engine(), tmp_path / "power.img", 4096, "commit=600", why="no FUSE here") as disk:
        assert made == [("make", "power.img", 4096), ("mount", "power.img", "commit=600")]
        yield disk


def test_a_disk_that_is_not_logged_says_what_its_cuts_dont_lose_and_why(copied: CopiedDisk) -> None:
    assert copied.scope == "what a disk's own cache would lose was not tried: no FUSE here"


def test_each_copy_is_held_to_the_answers_before_it(copied: CopiedDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    def manifest(disk: Disk) -> Manifest:
        content = disk.image.read_bytes()
        entry = cast("Entry", SimpleNamespace(size=len(content), sha256=content.decode()))
        return Manifest({b"a.png": entry} if content != b"empty" else {})

    monkeypatch.setattr(Disk, "manifest", manifest)
    copied.begin()
    copied.note_answer()
    copied.disk.image.write_bytes(b"whole")
    copied.note_answer()

    assert copied.power_cuts(["a.png", "b.png"]) == [(1, [None, None]), (2, [[5, "whole"], None])]


def test_a_new_begin_forgets_earlier_copies(copied: CopiedDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Disk, "manifest", lambda _: Manifest({}))
    copied.note_answer()
    copied.note_answer()
    copied.begin()
    copied.note_answer()

    assert copied.power_cuts(["a.png"]) == [(1, [None])]


def test_a_copy_that_is_of_no_one_instant_is_no_cut(copied: CopiedDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    unchanged = iter([False, True])
    monkeypatch.setattr(Disk, "copy", lambda *_: next(unchanged))
    monkeypatch.setattr(Disk, "manifest", lambda _: Manifest({}))
    copied.begin()
    copied.note_answer()
    copied.note_answer()

    assert copied.power_cuts(["a.png"]) == [(2, [None])]
