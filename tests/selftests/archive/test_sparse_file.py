"""The map of a sparse member is read from its header, its attributes or its data, and the holes are filled by it."""

import pytest
from test_tar_header import SIZE, TYPE, block

from media_guarantees.archive.problem import DamagedArchive
from media_guarantees.archive.sparse_file import SparseMap, read_map
from media_guarantees.archive.tar_header import Header

PAIRS, MORE, REALSIZE = 386, 482, 483  # where GNU tar's header has them
SEVENS = b"7" * 12  # a field of digits up to its last byte, as tar writes a number that needs all of it


def nothing_follows(size: int) -> bytes:
    raise AssertionError(f"{size} bytes were read behind the header")


def posix(stored: int, **attributes: bytes) -> Header:
    given = {f"GNU.sparse.{key}".encode(): value for key, value in attributes.items()}
    return Header(block((SIZE, b"%011o\0" % stored)), given)


def test_the_fields_of_a_header_end_where_the_next_begin() -> None:
    header = Header(block((TYPE, b"S"), (REALSIZE, SEVENS), (REALSIZE + 12, b"7")), {})

    assert read_map(header, nothing_follows) == SparseMap(8**12 - 1, [], 0)


def test_a_pair_is_two_fields_of_twelve_bytes() -> None:
    pair = b"%012o%012o" % (8**11, 0)
    header = Header(block((TYPE, b"S"), (PAIRS, pair + b"%012o%012o" % (8**11 + 1, 0)), (REALSIZE, SEVENS)), {})

    assert read_map(header, nothing_follows).parts == [(8**11, 0), (8**11 + 1, 0)]


def test_a_file_without_parts_is_one_hole() -> None:
    assert read_map(posix(0, size=b"5"), nothing_follows) == SparseMap(5, [], 0)


def test_a_number_may_have_nineteen_digits() -> None:
    assert read_map(posix(0, size=b"1" + b"0" * 18), nothing_follows).holes == 10**18


def test_a_map_in_the_data_may_take_several_blocks() -> None:
    parts = [(10 * number, 1) for number in range(100)]
    text = b"".join(b"%d\n" % number for number in (100, *(number for part in parts for number in part)))
    data = text.ljust(1024, b"\0")
    header = posix(1024 + 100, major=b"1", realsize=b"1000")
    blocks = iter([data[:512], data[512:]])

    assert read_map(header, lambda _: next(blocks)) == SparseMap(1000, parts, 100)


def test_a_map_in_the_data_ends_within_them() -> None:
    header = posix(512, major=b"1", realsize=b"1000")
    blocks = iter([b"100\n".ljust(512, b"0")])

    with pytest.raises(DamagedArchive, match="the map of a sparse file is invalid"):
        read_map(header, lambda _: next(blocks))


@pytest.mark.parametrize("hole", [1, 2, 1 << 16, (1 << 16) + 1])
def test_a_hole_of_any_size_is_filled(hole: int) -> None:
    filled = SparseMap(hole + 3 + hole, [(hole, 3)], 3).fill([memoryview(b"one")])

    assert b"".join(filled) == bytes(hole) + b"one" + bytes(hole)
