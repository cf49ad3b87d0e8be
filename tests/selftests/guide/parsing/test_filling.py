"""The name of a copy is put where a restore leaves it open."""

from __future__ import annotations

import re

import pytest

from media_guarantees.guide.parsing.filling import CopyName, filled, printed_before

NAME = CopyName("media_20311231", ".tgz", "backups/2031-12-31/")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("tar xzf backups/2031-12-31/[FILE].tgz", "tar xzf backups/2031-12-31/media_20311231.tgz"),
        ("tar xzf [FILE]", "tar xzf backups/2031-12-31/media_20311231.tgz"),
        ("tar xzf media_[FILE].tgz", "tar xzf media_20311231.tgz"),
        ("tar xzf backups/[DAY]/media.tgz", "tar xzf backups/2031-12-31/media.tgz"),
        (
            "tar xzf [FILE].tgz\ndocker cp [FILE]/. web:/m",
            "tar xzf media_20311231.tgz\ndocker cp media_20311231/. web:/m",
        ),
    ],
)
def test_a_blank_has_what_it_stands_for(script: str, expected: str) -> None:
    blanks = list(re.finditer(r"\[[A-Z]+\]", script))

    assert filled(script, blanks, NAME) == expected


def test_a_name_that_begins_otherwise_is_refused() -> None:
    script = "tar xzf photos_[FILE].tgz"

    with pytest.raises(ValueError, match="stands after 'photos_', with which 'media_20311231' does not begin"):
        filled(script, list(re.finditer(r"\[FILE\]", script)), NAME)


def test_what_is_printed_before_a_blank_is_the_part_of_its_own_name() -> None:
    script = "tar xzf /b/media_[FILE].tgz"

    assert printed_before(script, next(re.finditer(r"\[FILE\]", script))) == "media_"
