"""Each kind of picture has its own directory, and is served from it exactly as it was given."""

from __future__ import annotations

from collections import Counter

import pytest

from fixtures.lib import journal
from fixtures.lib.gallery import Gallery, expect_served_the_same
from fixtures.lib.manifest import Manifest
from fixtures.lib.stack import Stack
from fixtures.lib.uploads import Upload

KINDS = ("avatars", "event_banners", "profile_pictures")
each_kind = pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.guarantee(f"layout.{kind}")) for kind in KINDS]
)


@pytest.fixture(scope="module", name="all_given")
def _all_given(session_stack: Stack, gallery: Gallery) -> tuple[Upload, ...]:
    """The pictures that the platform was given."""
    if not session_stack.platform.chooses_directory:
        pytest.skip("media were written through exec: the suite itself chose the directory")
    session_stack.settle()
    return gallery.hang(session_stack)


@pytest.fixture(scope="module", name="in_volume")
def _in_volume(session_stack: Stack, all_given: tuple[Upload, ...]) -> Manifest:
    """What is in the volume once they are."""
    assert all_given
    return session_stack.media.manifest()


@pytest.fixture(name="given")
def _given(all_given: tuple[Upload, ...], kind: str) -> tuple[Upload, ...]:
    """Those of one kind, in every format and with every sort of name."""
    return tuple(upload for upload in all_given if upload.sample.kind == kind)


@each_kind
def test_each_picture_lands_in_the_directory_of_its_kind(
    in_volume: Manifest, given: tuple[Upload, ...], kind: str
) -> None:
    entries = in_volume.entries

    elsewhere = [
        upload.path
        for upload in given
        if not upload.path.startswith(f"{kind}/")
        or not (entry := entries.get(upload.path.encode()))
        or entry.sha256 != upload.sample.sha256
    ]

    assert given, f"no picture of {kind} was given"
    assert not elsewhere, f"pictures given as {kind} that are not in {kind}/ with their own bytes: {elsewhere}"
    formats = sorted({upload.sample.content_type for upload in given})
    journal.observe(f"{len(given)} pictures in {kind}/: {', '.join(formats)}")


@each_kind
def test_each_picture_is_served_the_same_from_that_directory(
    stack: Stack, given: tuple[Upload, ...], kind: str
) -> None:
    strays = [upload.url for upload in given if not upload.url.startswith(f"/media/{kind}/")]

    assert given, f"no picture of {kind} was given"
    assert not strays, f"pictures given as {kind} that are served from elsewhere: {strays}"
    expect_served_the_same(stack, given, event=f"uploading {kind}")


@each_kind
def test_two_pictures_of_one_name_are_both_kept(given: tuple[Upload, ...], kind: str) -> None:
    names = Counter(upload.sample.name for upload in given)
    twins = [upload for upload in given if names[upload.sample.name] > 1]

    assert len({upload.sample.sha256 for upload in twins}) > 1, f"no two different {kind} of one name were given"
    assert len({upload.path for upload in twins}) == len(twins), (
        f"two {kind} of one name share a path, so that one replaced the other: {[upload.path for upload in twins]}"
    )
