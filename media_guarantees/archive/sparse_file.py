"""Sparse members: files of which an archive holds only the parts that aren't holes.

GNU tar's own format has the map of the parts in the header and in blocks behind it, POSIX's has it in attributes
(versions 0.0 and 0.1) or at the beginning of the data (version 1.0, which `tar --format=posix` and bsdtar write).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from media_guarantees.archive.problem import DamagedArchive, UnsupportedArchive
from media_guarantees.archive.tar_header import Header, number_in

_BLOCK = 512
_ZEROS = memoryview(bytes(1 << 16))
_LONGEST_MAP = 1 << 20  # bytes; a file of media has no more than a few parts
_MOST_DIGITS = 19


@dataclass(frozen=True)
class SparseMap:
    """The size of a whole file, its parts as (offset, size) in their order, and the bytes of data that they take."""

    size: int
    parts: Sequence[tuple[int, int]]
    stored: int

    @property
    def holes(self) -> int:
        """The bytes that the archive doesn't hold, which are zeros."""
        return self.size - self.stored

    def fill(self, data: Iterable[memoryview]) -> Iterator[memoryview]:
        """Yield the file's content, given the data of its parts one after the other."""
        pieces = iter(data)
        held = memoryview(b"")
        at = 0
        for offset, size in (*self.parts, (self.size, 0)):
            yield from _zeros(offset - at)
            at = offset
            while left := offset + size - at:
                held = held or next(pieces)
                piece, held = held[:left], held[left:]
                at += len(piece)
                yield piece
        yield from pieces  # none is left, but what fills up the last block is checked after them


def read_map(header: Header, read: Callable[[int], bytes]) -> SparseMap:
    """Read the map of a sparse member; `read` reads so many bytes of what follows its header.

    Raises `DamagedArchive` for a map that can't be read.
    """
    attributes = header.attributes
    if header.type == b"S":
        numbers, size, stored = _old_numbers(header, read), number_in(header.block[483:495]), header.size
    elif attributes.get(b"GNU.sparse.major") == b"1":
        numbers, length = _numbers_in_data(header, read)
        size, stored = _number(header, attributes.get(b"GNU.sparse.realsize", b"")), header.size - length
    else:
        given = attributes.get(b"GNU.sparse.map", b"")
        numbers = [_number(header, digits) for digits in given.split(b",")] if given else []
        size, stored = _number(header, attributes.get(b"GNU.sparse.size", b"")), header.size
    if len(numbers) % 2:
        raise _damaged(header)
    parts = list(zip(numbers[::2], numbers[1::2], strict=True))
    _require_order(header, parts, size, stored)
    return SparseMap(size, parts, stored)


def _old_numbers(header: Header, read: Callable[[int], bytes]) -> list[int]:
    numbers = _pairs(header.block[386:482])
    more = header.block[482]
    blocks = 0
    while more:
        block = read(_BLOCK)
        numbers += _pairs(block[:504])
        more = block[504]
        blocks += 1
        if blocks * _BLOCK > _LONGEST_MAP:
            raise UnsupportedArchive("it holds a sparse file of too many parts")
    return numbers


def _pairs(fields: bytes) -> list[int]:
    """Read the pairs of one header or block: those that aren't used are at its end, and zero."""
    whole = [fields[start : start + 24] for start in range(0, len(fields), 24)]
    return [number_in(pair[half : half + 12]) for pair in whole if pair.strip(b"\0") for half in (0, 12)]


def _numbers_in_data(header: Header, read: Callable[[int], bytes]) -> tuple[list[int], int]:
    """Read the number of pairs and the pairs, one number per line; return them and their padded size in bytes."""
    text = b""
    wanted = 1
    while text.count(b"\n") < wanted:
        if len(text) + _BLOCK > min(header.size, _LONGEST_MAP):
            raise _damaged(header)
        text += read(_BLOCK)
        if wanted == 1 and b"\n" in text:
            wanted += 2 * _number(header, text.partition(b"\n")[0])
    return [_number(header, line) for line in text.split(b"\n")[1:wanted]], len(text)


def _number(header: Header, digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > _MOST_DIGITS:
        raise _damaged(header)
    return int(digits)


def _require_order(header: Header, parts: Sequence[tuple[int, int]], size: int, stored: int) -> None:
    end = 0
    for offset, length in parts:
        if offset < end or length < 0:
            raise _damaged(header)
        end = offset + length
    if end > size or sum(length for _, length in parts) != stored:
        raise _damaged(header)


def _damaged(header: Header) -> DamagedArchive:
    return DamagedArchive("header", "the map of a sparse file is invalid", header.name)


def _zeros(size: int) -> Iterator[memoryview]:
    while size > 0:
        piece = _ZEROS[:size]
        size -= len(piece)
        yield piece
