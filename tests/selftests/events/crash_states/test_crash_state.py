"""Every state that a power cut may leave is drawn, none that it can't leave, and none twice."""

import random
from collections.abc import Iterator, Sequence
from itertools import chain, combinations

import pytest
from made_logs import SECTOR, flush, header, log, write

from media_guarantees.events.crash_states.crash_state import BLOCK, CrashState, Piece, crash_states, pieces
from media_guarantees.events.crash_states.write_log import DISCARD, FLUSH, FUA, Entry, read_log

ALL = 10_000
Content = tuple[tuple[int, bytes], ...]


def entries(*logged: bytes) -> tuple[Entry, ...]:
    return read_log(log(*logged))


def states(logged: Sequence[Entry], *, begin: int = 0, limit: int = ALL, seed: int = 1) -> list[CrashState]:
    return crash_states(logged, begin, random.Random(seed), limit)  # noqa: S311 - not for secrets


def on_disk(logged: Sequence[Entry], state: CrashState) -> Content:
    """Return what a disk holds in a state: the place and the content of each piece."""
    since = pieces(logged, state.settled, state.cut)
    there = [*pieces(logged, 0, state.settled), *(since[number] for number in state.kept)]
    return as_content(there)


def as_content(there: Sequence[Piece]) -> Content:
    return tuple(sorted((piece.offset, bytes(piece.content)) for piece in there))


def by_definition(logged: Sequence[Entry]) -> Iterator[tuple[Content, int]]:
    """Yield what the disk may hold when the power is cut after any entry, straight from what a flush means."""
    for cut in range(len(logged) + 1):
        settled = max((number for number in range(cut) if logged[number].is_flush), default=0)
        before = pieces(logged, 0, settled)
        safe = [piece for entry in logged[settled:cut] if entry.is_safe for piece in pieces([entry], 0, 1)]
        loose = [piece for entry in logged[settled:cut] if not entry.is_safe for piece in pieces([entry], 0, 1)]
        for kept in chain.from_iterable(combinations(loose, number) for number in range(len(loose) + 1)):
            yield as_content([*before, *safe, *kept]), cut


def drawn_log(rng: random.Random) -> tuple[Entry, ...]:
    """Return a log of up to eight short requests, each to a place of its own."""
    requests = [
        flush()
        if rng.random() < 0.4
        else write(
            number * 64, bytes([number + 1]) * rng.choice([300, 5000]), rng.choice([0, 0, 0, FUA, FLUSH, FLUSH | FUA])
        )
        for number in range(rng.randrange(9))
    ]
    return entries(*requests)


@pytest.mark.parametrize("seed", range(40))
def test_all_states_are_those_that_follow_from_what_a_flush_means(seed: int) -> None:
    logged = drawn_log(random.Random(seed))  # noqa: S311 - not for secrets
    latest: dict[Content, int] = {}
    for content, cut in by_definition(logged):
        latest[content] = max(cut, latest.get(content, 0))

    found = states(logged)

    contents = [on_disk(logged, state) for state in found]
    assert len(set(contents)) == len(contents), "no state comes twice"
    assert {content: state.cut for content, state in zip(contents, found, strict=True)} == latest


def test_no_more_states_are_drawn_than_asked_for_and_none_of_them_twice() -> None:
    logged = entries(*[write(number * 8, b"x") for number in range(12)], flush(), write(800, b"y"))

    found = states(logged, limit=50)

    assert len(set(found)) == len(found) == 50


def test_each_flush_has_the_cut_that_loses_all_since_whatever_else_is_drawn() -> None:
    burst = [entry for number in range(20) for entry in (write(number * 8, b"x" * 3000), flush())]
    logged = entries(*burst)

    found = states(logged, limit=21)

    assert [(state.settled, state.cut, state.kept) for state in found] == [
        (settled, cut, ()) for settled, cut in zip([0, *range(1, 40, 2)], [*range(1, 40, 2), 40], strict=True)
    ]


def test_with_more_flushes_than_states_some_of_them_are_drawn() -> None:
    logged = entries(*[entry for number in range(20) for entry in (write(number * 8, b"x"), flush())])

    few = [states(logged, limit=5, seed=seed) for seed in (1, 2)]

    assert [len(found) for found in few] == [5, 5]
    assert few[0] != few[1]


def test_the_same_seed_draws_the_same_states_and_another_one_others() -> None:
    logged = entries(*[write(number * 8, b"x") for number in range(30)])

    assert states(logged, limit=40, seed=3) == states(logged, limit=40, seed=3)
    assert states(logged, limit=40, seed=3) != states(logged, limit=40, seed=4)


def test_states_are_divided_evenly_between_flushes() -> None:
    spans = [[write(100 * span + 8 * number, b"x") for number in range(10)] for span in range(4)]
    logged = entries(*[entry for span in spans for entry in (*span, flush())])

    found = states(logged, limit=45)

    assert [sum(state.settled == settled for state in found) for settled in (0, 10, 21, 32, 43)] == [11, 11, 11, 11, 1]


def test_what_was_written_before_the_begin_is_settled() -> None:
    logged = entries(write(0, b"old"), write(8, b"old"), write(16, b"new"))

    assert states(logged, begin=2) == [CrashState(2, 3, ()), CrashState(2, 3, (0,))]


def test_no_cut_comes_before_the_first_that_is_asked_for() -> None:
    logged = drawn_log(random.Random(7))  # noqa: S311 - not for secrets

    found = crash_states(logged, 0, random.Random(1), ALL, first_cut=3)  # noqa: S311

    assert found == [state for state in states(logged) if state.cut >= 3]
    assert len(found) < len(states(logged)), "some are left out"


def test_a_disk_that_nothing_was_written_to_is_as_it_was() -> None:
    assert states((), begin=0) == [CrashState(0, 0, ())]
    assert states(entries(write(0, b"old")), begin=1) == [CrashState(1, 1, ())]


def test_a_long_write_may_be_cut_at_each_block_of_the_disk() -> None:
    logged = entries(write(7, b"x" * (BLOCK + 2 * SECTOR)))

    found = pieces(logged, 0, 1)

    assert [(piece.offset, piece.length) for piece in found] == [
        (7 * SECTOR, SECTOR),
        (BLOCK, BLOCK),
        (2 * BLOCK, SECTOR),
    ]
    assert b"".join(bytes(piece.content) for piece in found) == bytes(logged[0].content)


def test_a_discard_is_one_piece() -> None:
    logged = entries(header(8, 4096, DISCARD))

    assert [(piece.offset, piece.length, len(piece.content)) for piece in pieces(logged, 0, 1)] == [
        (4096, 4096 * SECTOR, 0)
    ]
