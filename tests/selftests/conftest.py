"""What several self-tests stand on: programs that do nothing, and a slot."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_programs import Programs

from media_guarantees.engine.engine_slot import Slot


@pytest.fixture(name="programs")
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """A `docker` and a `docker-compose` that do nothing, and do it well."""
    programs = Programs(tmp_path, monkeypatch)
    programs.add("docker")
    programs.add("docker-compose")
    return programs


@pytest.fixture(name="slot")
def _slot(tmp_path: Path) -> Iterator[Slot]:
    """Take a slot, as a run does."""
    slot = Slot(tmp_path / "cache/engine/0")
    assert slot.take()
    yield slot
    slot.release()
