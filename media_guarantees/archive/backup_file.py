"""Opening a backup: one file, or the parts that `split` made of one, read one after the other."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

from media_guarantees.archive.compression import COMPRESSIONS

_PART = re.compile(
    r"(?P<stem>.*\.(?:tar(?:\.\w+)?|t[abgx]z2?|tzst)[._-]?(?:part)?[._-]?)(?P<ending>[a-z]{2,3}|[0-9]{2,4})"
)


def parts_of(path: Path) -> Sequence[Path]:
    """Return the files that a backup consists of: the one that is named, or all parts where it is one of several.

    `split` calls them backup.tar.gz.aa, ….ab and so on, or ….00, ….01; other programs begin with ….001. They end before
    the first that is missing. Files of such names that are each an archive are no parts: rotations use them too.
    """
    part = _PART.fullmatch(path.name)
    if not part:
        return (path,)

    def of(ending: str) -> Path:
        return path.with_name(part["stem"] + ending)

    length = len(part["ending"])
    firsts = ("0" * length, "1".zfill(length)) if part["ending"].isdigit() else ("a" * length,)
    endings = [ending for ending in firsts if of(ending).is_file()][:1]
    while endings and (following := [ending for ending in _following(endings[-1]) if of(ending).is_file()]):
        endings.append(following[0])
    parts = [of(ending) for ending in endings]
    return parts if path in parts and not any(map(_begins_an_archive, parts[1:])) else (path,)


def _begins_an_archive(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(8)
    return any(start.startswith(compression.signatures) for compression in COMPRESSIONS.values())


def _following(ending: str) -> Sequence[str]:
    """Return the endings that may come next: "ba" after "az", and after "yz" "za" or GNU split's "zaaa"."""
    lowest, highest = ("0", "9") if ending.isdigit() else ("a", "z")
    stem = ending.rstrip(highest)
    if not stem:
        return ()
    widened = ending.lstrip(highest)
    more = highest * (len(ending) - len(widened) + 1) + lowest * (len(widened) + 1)
    return (stem[:-1] + chr(ord(stem[-1]) + 1) + lowest * (len(ending) - len(stem)), more)


class Parts(io.RawIOBase):
    """Files, read one after the other; `position` is how many bytes were read."""

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._paths = list(paths)
        self._file: io.FileIO | None = None
        self.position = 0

    def readable(self) -> bool:
        """Return True: `io` asks before it reads."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer from the part that is read, or from the next one."""
        while self._file or self._paths:
            self._file = self._file or self._paths.pop(0).open("rb", buffering=0)
            if count := self._file.readinto(buffer):
                self.position += count
                return count
            self._file.close()
            self._file = None
        return 0

    def close(self) -> None:
        """Close the part that is read."""
        if self._file:
            self._file.close()
        super().close()


def open_backup(path: Path) -> tuple[Parts, int]:
    """Open a backup; return it with its size in bytes, 0 for a pipe."""
    paths = parts_of(path)
    return Parts(paths), sum(part.stat().st_size for part in paths)
