"""Disks that need neither mkfs nor a loop device."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from media_guarantees.engine.private_engine import PrivateEngine
from media_guarantees.events.crash_states import copied_disk, logged_disk
from media_guarantees.events.loop_disk import Disk


@pytest.fixture(name="made")
def _made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What was made and mounted, in its order: disks that need neither mkfs nor a loop device."""
    made: list[tuple[object, ...]] = []

    def make_disk(image: Path, size: int) -> None:
        made.append(("make", image.name, size))
        image.write_bytes(b"empty")

    @contextmanager
    def mounted(engine: PrivateEngine, image: Path, *options: str) -> Iterator[Disk]:
        made.append(("mount", image.name, *options))
        yield Disk(engine, image, "/run/mounted")
        made.append(("unmount", image.name))

    @contextmanager
    def logged_file(*args: Any) -> Iterator[str]:
        _, _, image, log, name = args
        made.append(("log", image.name, log.name))
        yield f"/run/media-verify-files/{name}"
        made.append(("end of the log",))

    for module in (logged_disk, copied_disk):
        monkeypatch.setattr(module, "make_disk", make_disk)
        monkeypatch.setattr(module, "mounted", mounted)
    monkeypatch.setattr(logged_disk, "logged_file", logged_file)
    return made
