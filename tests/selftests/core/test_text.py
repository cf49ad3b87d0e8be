"""Numbers are rounded for people and parsed exactly from programs' output."""

import pytest

from media_guarantees.core.text import nanoseconds, readable_age, readable_size


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (3_400_000, "3.4 MB"),
        (999_950, "1.0 MB"),
        (2_000_000_000, "2.0 GB"),
        (10**15, "1.0 PB"),
        (10**19, "10000.0 PB"),
    ],
)
def test_a_size_is_rounded_for_people(size: int, text: str) -> None:
    assert readable_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 minutes"),
        (20, "0 minutes"),
        (60, "1 minute"),
        (40 * 60, "40 minutes"),
        (3600, "60 minutes"),
        (2 * 3600, "2 hours"),
        (47 * 3600, "47 hours"),
        (12 * 86400 + 3600, "12 days"),
    ],
)
def test_an_age_is_rounded_for_people(seconds: float, text: str) -> None:
    assert readable_age(seconds) == text


@pytest.mark.parametrize(
    ("printed", "moment"),
    [
        (b"0", 0),
        (b"1.0000000010", 10**9 + 1),
        (b"1700000000.5", 1_700_000_000_500_000_000),
        (b"-2.2500000000", -1_750_000_000),
    ],
)
def test_a_time_is_read_exactly_as_find_prints_it(printed: bytes, moment: int) -> None:
    assert nanoseconds(printed) == moment


def test_what_is_no_time_is_an_error() -> None:
    with pytest.raises(ValueError, match="yesterday"):
        nanoseconds(b"yesterday")
