"""Slots: places in the cache where private engines keep their data between runs, each for one run at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from media_guarantees.core.files import atomic_write
from media_guarantees.engine import address_lease
from media_guarantees.system import folder_lock


class Slot:
    """One place in the cache where an engine keeps its data root; at most one run uses it at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = int(folder.name)
        self._state = folder / "running.json"
        self._lock: int | None = None
        self._claim: address_lease.AddressLease | None = None

    @property
    def data_root(self) -> Path:
        """Where images stay between runs."""
        return self.folder / "data"

    @property
    def cgroup(self) -> str:
        """The parent of every cgroup of this slot's containers, unique on this machine."""
        status = self.folder.stat()
        return f"media-verify-{self.number}-{status.st_dev:x}-{status.st_ino}"

    @property
    def lock(self) -> int:
        """The descriptor that holds the lock; a process that inherits a copy of it keeps the slot locked."""
        if self._lock is None:
            raise ValueError("a slot that was not taken holds no lock")
        return self._lock

    @property
    def claim(self) -> address_lease.AddressLease:
        """The addresses and ports that the engine may hand out, unique on this machine."""
        if self._claim is None:
            raise ValueError("a slot that was not taken has no addresses")
        return self._claim

    @property
    def version(self) -> str:
        """The version of engine that created this data root, as in `EngineTools`; no other version can use it."""
        with suppress(FileNotFoundError):
            return (self.folder / "version").read_text()
        return ""

    def take(self, version: str = "") -> bool:
        """Make the slot this process's own; False if another run holds it, or it is another version's."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = folder_lock.take(self.folder)
        if self._lock is not None and not self.data_root.is_dir():
            (self.folder / "version").write_text(version)
        if self._lock is not None and self.version == version:
            self._claim = address_lease.claim()
        if self._claim is None:
            self.release()
        return self._lock is not None

    def release(self) -> None:
        """Unlock the slot."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._claim is not None:
            self._claim.release()
            self._claim = None

    def record_folder(self, folder: Path) -> None:
        """Record one more folder that has to be removed if this run is killed."""
        atomic_write(self._state, json.dumps({"folders": [*map(str, self.recorded_folders()), str(folder)]}))

    def recorded_folders(self) -> list[Path]:
        """Return the folders that killed runs recorded; none after a run that ended normally."""
        with suppress(FileNotFoundError, json.JSONDecodeError, KeyError):
            return [Path(folder) for folder in json.loads(self._state.read_text())["folders"]]
        return []

    def clear_record(self) -> None:
        """Delete the record: nothing is left to remove."""
        self._state.unlink(missing_ok=True)


def slots(cache: Path) -> Iterator[Slot]:
    """Yield the slots in order of their numbers, whether they exist yet or not."""
    for number in range(len(address_lease.POOLS)):
        yield Slot(cache / "engine" / str(number))
