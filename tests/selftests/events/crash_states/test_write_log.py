"""A log of a disk is read as the kernel defines it, and one that is damaged is refused in words."""

import re

import pytest
from made_logs import SECTOR, flush, header, log, superblock, write

from media_guarantees.core.errors import BadInput
from media_guarantees.events.crash_states.write_log import DISCARD, FLUSH, FUA, MARK, METADATA, entries_by, read_log


def test_writes_and_flushes_come_in_the_order_of_the_log() -> None:
    entries = read_log(log(write(2, b"one" * 200), flush(), write(9, b"two"), flush()))

    assert [(entry.offset, entry.length, entry.is_flush) for entry in entries] == [
        (1024, 1024, False),
        (0, 0, True),
        (4608, 512, False),
        (0, 0, True),
    ]
    assert [bytes(entry.content).rstrip(b"\0") for entry in entries] == [b"one" * 200, b"", b"two", b""]


def test_sectors_are_as_large_as_the_superblock_says() -> None:
    (entry,) = read_log(superblock(1, sector=4096) + write(3, b"x", sector=4096))

    assert (entry.offset, entry.length, len(entry.content)) == (3 * 4096, 4096, 4096)


def test_the_kernels_flags_say_what_a_write_promises() -> None:
    plain, safe, both = read_log(log(write(1, b"a", METADATA), write(2, b"b", FUA), write(3, b"c", FUA | FLUSH)))

    assert [(entry.is_safe, entry.is_flush) for entry in (plain, safe, both)] == [
        (False, False),
        (True, False),
        (True, True),
    ]


def test_a_discard_has_a_length_and_no_content() -> None:
    discard, after = read_log(log(header(8, 4, DISCARD), write(1, b"after")))

    assert (discard.offset, discard.length, bytes(discard.content)) == (4096, 2048, b"")
    assert bytes(after.content).startswith(b"after")


def test_a_mark_writes_nothing() -> None:
    mark, after = read_log(log(header(0, 0, MARK, b"mkfs is over"), write(1, b"after")))

    assert (mark.length, bytes(mark.content)) == (0, b"")
    assert bytes(after.content).startswith(b"after")


def test_an_entry_that_is_still_being_written_is_left_out() -> None:
    whole = superblock(1) + write(1, b"whole")

    for rest in (write(2, b"x" * 1000)[:-1], header(2, 2, 0), header(2, 2, 0)[:40]):
        assert len(read_log(whole + rest)) == 1


def test_a_size_of_the_log_says_how_many_entries_were_in_it() -> None:
    entries = read_log(log(write(1, b"one"), flush(), write(2, b"two")))
    ends = [entry.end for entry in entries]

    assert ends == [3 * SECTOR, 4 * SECTOR, 6 * SECTOR]
    assert [entries_by(entries, size) for size in (0, SECTOR, 3 * SECTOR - 1, 3 * SECTOR, 5 * SECTOR, 6 * SECTOR)] == [
        0,
        0,
        0,
        1,
        2,
        3,
    ]


@pytest.mark.parametrize(
    ("damaged", "words"),
    [
        (b"", "cut off in its superblock, after 0 bytes"),
        (log()[:27], "cut off in its superblock, after 27 bytes"),
        (superblock(0, magic=0x1234), "no log of a disk: it begins with 0x1234 instead of 0x6a736677736872"),
        (bytes(SECTOR), "no log of a disk: it begins with 0x0"),
        (superblock(0, version=2), "version 2 instead of 1"),
        (superblock(0, sector=0), "sectors of 0 bytes"),
        (superblock(0, sector=520), "sectors of 520 bytes"),
        (superblock(2) + flush(), "1 entries and should have 2"),
        (log(flush(), bytes(SECTOR)), "damaged entry at byte 1024"),
        (log(header(0, 1, 1 << 5)), "damaged entry at byte 512"),
        (log(header(0, 0, MARK)[:24] + b"\xff" * 8 + bytes(480)), "damaged entry at byte 512"),
    ],
)
def test_what_is_no_whole_log_is_refused_and_the_message_says_why(damaged: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)):
        read_log(damaged)
