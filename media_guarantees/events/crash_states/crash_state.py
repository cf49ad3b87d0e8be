"""The states that a power cut may leave a disk in, drawn from the log of its writes.

A disk keeps what it completed before the last flush. Of what it completed since, it may have kept any part, in any
order: it writes its cache back as it likes. A disk writes a block of `BLOCK` bytes wholly or not at all, and a longer
write block by block.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from media_guarantees.events.crash_states.write_log import Entry

BLOCK = 4096


@dataclass(frozen=True)
class Piece:
    """A part of a write that a disk keeps wholly or not at all. Without `content` it discards `length` bytes."""

    offset: int
    length: int
    content: memoryview


@dataclass(frozen=True)
class CrashState:
    """What is on a disk after a power cut.

    The first `settled` entries of the log are there as a whole. Of the entries from there to `cut`, the pieces with
    the numbers `kept` are there; `pieces` numbers them. The power was cut when the log had `cut` entries.
    """

    settled: int
    cut: int
    kept: tuple[int, ...]


def pieces(entries: Sequence[Entry], begin: int, end: int) -> list[Piece]:
    """Return the pieces of the entries from number `begin` to before number `end`, in the order of the log."""
    return [piece for piece, _ in _pieces(entries, begin, end)]


def crash_states(
    entries: Sequence[Entry], begin: int, rng: random.Random, limit: int, *, first_cut: int = 0
) -> list[CrashState]:
    """Draw up to `limit` states in which a power cut leaves the disk, once the log had `begin` entries.

    What was written before is taken for settled. The power is cut when the log has `first_cut` entries or more. No
    state comes twice. Each flush is followed by a cut that loses
    all that was written since, right up to the next flush; the other states keep a drawn part of that. With fewer
    than `limit` states, these are all there are. They are sorted by what is settled.
    """
    spans = [span for span in _spans(entries, begin) if span.cut >= first_cut]
    barest = [span for span in spans if span.has_own_bare_state]
    if len(barest) > limit:
        barest = sorted(rng.sample(barest, limit), key=lambda span: span.settled)
    bare = [span.state(0) for span in barest]
    shares = _shares([span.others for span in spans], limit - len(bare))
    drawn = (span.state(mask) for span, share in zip(spans, shares, strict=True) for mask in span.draw(rng, share))
    return sorted([*bare, *drawn], key=lambda state: (state.settled, state.kept))


@dataclass(frozen=True)
class _Span:
    """The entries from a flush to a later cut, before the next flush. `loose` and `safe` number their pieces.

    `full_comes_later` is whether the disk with all these pieces is the bare state of the next span. That has a later
    cut, so that it is the one to try: more was acknowledged by then.
    """

    settled: int
    cut: int
    loose: tuple[int, ...]
    safe: tuple[int, ...]
    full_comes_later: bool

    @property
    def has_own_bare_state(self) -> bool:
        """Whether no other span has the state in which all loose pieces are lost."""
        return bool(self.loose) or not self.full_comes_later

    @property
    def others(self) -> int:
        """How many more states there are."""
        return max(0, (1 << len(self.loose)) - (2 if self.full_comes_later else 1))

    def draw(self, rng: random.Random, number: int) -> list[int]:
        """Draw so many different sets of loose pieces, none of them empty, as bits of a number."""
        masks: dict[int, None] = {}
        while len(masks) < number:
            masks[rng.randrange(1, self.others + 1)] = None
        return list(masks)

    def state(self, mask: int) -> CrashState:
        """Return the state that keeps the loose pieces whose bits are set, and all safe ones."""
        kept = (number for bit, number in enumerate(self.loose) if mask >> bit & 1)
        return CrashState(self.settled, self.cut, tuple(sorted((*self.safe, *kept))))


def _spans(entries: Sequence[Entry], begin: int) -> list[_Span]:
    """Return a span for each place where a cut can leave something that an earlier one can't.

    That is just before the next flush, and before each write that is safe by itself: later the disk always has it.
    """
    numbers = range(begin, len(entries))
    flushes = [number for number in numbers if entries[number].is_flush]
    safe = [number for number in numbers if entries[number].is_safe and not entries[number].is_flush]
    between = pairwise([begin, *flushes, len(entries)])
    return [
        _span(entries, settled, cut)
        for settled, end in between
        for cut in (*(number for number in safe if settled <= number < end), end)
    ]


def _span(entries: Sequence[Entry], settled: int, cut: int) -> _Span:
    are_safe = [is_safe for _, is_safe in _pieces(entries, settled, cut)]
    loose = tuple(number for number, is_safe in enumerate(are_safe) if not is_safe)
    safe = tuple(number for number, is_safe in enumerate(are_safe) if is_safe)
    return _Span(settled, cut, loose, safe, full_comes_later=cut < len(entries) and not entries[cut].is_safe)


def _pieces(entries: Sequence[Entry], begin: int, end: int) -> Iterator[tuple[Piece, bool]]:
    """Yield each piece, and whether it was on the disk when its write was completed."""
    for entry in entries[begin:end]:
        for piece in _cut_up(entry):
            yield piece, entry.is_safe


def _cut_up(entry: Entry) -> Iterator[Piece]:
    if not entry.content:
        if entry.length:
            yield Piece(entry.offset, entry.length, entry.content)
        return
    stop = entry.offset + entry.length
    inner = range(entry.offset // BLOCK * BLOCK + BLOCK, stop, BLOCK)
    for begin, end in pairwise([entry.offset, *inner, stop]):
        yield Piece(begin, end - begin, entry.content[begin - entry.offset : end - entry.offset])


def _shares(capacities: Sequence[int], total: int) -> list[int]:
    """Divide `total` as evenly as the capacities allow."""
    shares = [0] * len(capacities)
    order = sorted(range(len(capacities)), key=lambda number: capacities[number])
    for left, number in zip(range(len(order), 0, -1), order, strict=True):
        shares[number] = min(capacities[number], total // left)
        total -= shares[number]
    return shares
