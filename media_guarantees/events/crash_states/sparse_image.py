"""What a disk holds, without what is all zeros; and a file that is given one such content after another."""

from __future__ import annotations

import errno
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from media_guarantees.events.crash_states.crash_state import Piece

CHUNK = 1 << 16
_ZEROS = bytes(CHUNK)


class SparseImage:
    """The content of a disk, by the number of a chunk of `CHUNK` bytes. A chunk that is not there is zeros."""

    def __init__(self, chunks: Mapping[int, bytes]) -> None:
        self.chunks = chunks

    @classmethod
    def read(cls, file: Path) -> SparseImage:
        """Return the content of a disk that is kept in a file, in whole chunks."""
        with file.open("rb") as disk:
            number = disk.fileno()
            return cls({chunk: os.pread(number, CHUNK, chunk * CHUNK) for chunk in data_chunks(number)})

    def written(self, pieces: Iterable[Piece]) -> SparseImage:
        """Return what it is after these writes, in their order. A range that was discarded reads as zeros."""
        parts: defaultdict[int, list[tuple[int, bytes | memoryview]]] = defaultdict(list)
        for piece in pieces:
            content = piece.content or bytes(piece.length)
            for chunk in range(piece.offset // CHUNK, (piece.offset + piece.length - 1) // CHUNK + 1):
                begin = max(piece.offset, chunk * CHUNK)
                end = min(piece.offset + piece.length, (chunk + 1) * CHUNK)
                part = content[begin - piece.offset : end - piece.offset]
                parts[chunk].append((begin - chunk * CHUNK, part))
        changed = {chunk: _changed(self.chunks.get(chunk, _ZEROS), written) for chunk, written in parts.items()}
        return SparseImage({**self.chunks, **changed})


def _changed(chunk: bytes, parts: Iterable[tuple[int, bytes | memoryview]]) -> bytes:
    fresh = bytearray(chunk)
    for at, content in parts:
        fresh[at : at + len(content)] = content
    return bytes(fresh)


def data_chunks(file: int) -> Iterator[int]:
    """Yield the number of each chunk of an open file that may hold more than zeros (lseek(2), SEEK_DATA)."""
    at = 0
    while True:
        try:
            at = os.lseek(file, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # there is no more
                return
            raise
        beyond = -(-os.lseek(file, at, os.SEEK_HOLE) // CHUNK)
        yield from range(at // CHUNK, beyond)
        at = beyond * CHUNK


class WorkingImage:
    """A file that is a disk. It is given one content after another, at the cost of what differs."""

    def __init__(self, file: Path, size: int) -> None:
        if size % CHUNK:
            raise ValueError(f"a disk of {size} bytes has no whole number of chunks of {CHUNK} bytes")
        self.file = file
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._descriptor, size)

    def set_to(self, image: SparseImage) -> None:
        """Make the file hold `image` and nothing else, whatever others wrote into it."""
        for chunk in sorted({*data_chunks(self._descriptor), *image.chunks}):
            wanted = image.chunks.get(chunk, _ZEROS)
            if os.pread(self._descriptor, CHUNK, chunk * CHUNK) != wanted:
                os.pwrite(self._descriptor, wanted, chunk * CHUNK)

    def remove(self) -> None:
        """Remove the file."""
        os.close(self._descriptor)
        self.file.unlink()
