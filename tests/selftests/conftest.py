"""Fixtures that several self-tests use: stand-in programs, a stack without an engine, folders, an engine slot."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_programs import Programs, run_here
from fake_stack import FakeStack, client_with
from unexpected_skips import pytest_runtest_call  # noqa: F401 - a hook

from media_guarantees.engine.engine_slot import Slot
from media_guarantees.media.awkward_names import plant_nasty_tree
from media_guarantees.media.media_volume import VolumeMedia


@pytest.fixture(name="programs")
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """A `docker` and a `docker-compose` that do nothing and succeed. A module adds its own scripts to them."""
    programs = Programs(tmp_path, monkeypatch)
    programs.add("docker")
    programs.add("docker-compose")
    return programs


@pytest.fixture(name="stack")
def _stack() -> FakeStack:
    """A stack whose service, volume and platform are attributes that a test may change."""
    return FakeStack()


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Path:
    """An empty folder that stands for a volume."""
    tree = tmp_path / "tree"
    tree.mkdir()
    return tree


@pytest.fixture(name="nasty_tree")
def _nasty_tree(tree: Path) -> Path:
    """A folder with all the names and kinds of files that programs often handle wrongly."""
    plant_nasty_tree(tree)
    return tree


@pytest.fixture(name="media")
def _media(programs: Programs, tree: Path) -> VolumeMedia:
    """The media of a volume that is the folder `tree`; helper containers run on this machine."""
    programs.add("docker", run_here(tree))
    return VolumeMedia("media_volume", client_with("media_volume"), {**os.environ, "PATH": programs.path}, {"run": "1"})


@pytest.fixture(name="slot")
def _slot(tmp_path: Path) -> Iterator[Slot]:
    """Take a slot, as a run does."""
    slot = Slot(tmp_path / "cache/engine/0")
    assert slot.take()
    yield slot
    slot.release()
