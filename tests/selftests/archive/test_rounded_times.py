"""Times that a program rounded count as equal; a time that only looks rounded does not."""

from dataclasses import replace

import pytest

from media_guarantees.archive.prefix import without_rounding
from media_guarantees.media.manifest import Entry, Manifest

SECOND = 10**9


def manifest(*times: float) -> Manifest:
    entries = [
        Entry(b"%d" % number, "file", 1, "", 0o644, 0, 0, int(time * SECOND), b"") for number, time in enumerate(times)
    ]
    return Manifest({entry.path: entry for entry in entries})


def test_times_that_are_all_rounded_up_are_as_if_they_were_cut() -> None:
    archived, original = manifest(2, 5, 7, -1, 8), manifest(1.5, 5.25, 6.75, -1.5, 8.4)

    assert without_rounding(archived, original) == manifest(1, 5, 6, -2, 8)


def test_hard_links_stay_what_they_are() -> None:
    links = frozenset({frozenset({b"0", b"1"})})

    assert without_rounding(replace(manifest(2, 2), links=links), manifest(1.5, 1.5)).links == links


@pytest.mark.parametrize(
    ("archived", "original"),
    [
        (manifest(2, 6), manifest(1.5, 6.75)),
        (manifest(1, 6), manifest(1.5, 6.75)),
        (manifest(2, 7.5), manifest(1.5, 6.75)),
        (manifest(2), manifest(1.25)),
        (manifest(2), manifest(1)),
        (manifest(3), manifest(1.5)),
        (manifest(), manifest(1.5)),
        (manifest(2, 3), manifest()),
    ],
    ids=["one cut", "all cut", "one exact", "below a half", "whole", "too much", "missing", "extra"],
)
def test_any_other_times_are_left_as_they_are(archived: Manifest, original: Manifest) -> None:
    assert without_rounding(archived, original) is archived


def test_what_only_one_side_has_does_not_count() -> None:
    assert without_rounding(manifest(2), manifest(1.5, 6.75)) == manifest(1)
