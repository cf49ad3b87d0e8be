"""The media in a backup are found under any prefix, by their top-level entries."""

from dataclasses import replace

import pytest

from media_guarantees.archive.prefix import below, find_prefix, media_below
from media_guarantees.media.manifest import ROOT, Entry, Manifest

MEDIA = [ROOT, b"avatars", b"avatars/a.jpg", b"event_banners", b"loose.jpg"]


def manifest(*paths: bytes, links: frozenset[frozenset[bytes]] = frozenset()) -> Manifest:
    return Manifest({path: Entry(path, "file", 1, "", 0o644, 0, 0, 0, b"") for path in paths}, links)


@pytest.mark.parametrize(
    ("entries", "prefix"),
    [
        (MEDIA, ROOT),
        ([b"avatars/a.jpg", b"loose.jpg"], ROOT),
        ([b"data", b"data/avatars", b"data/avatars/a.jpg"], b"data"),
        ([b"data", b"data/loose.jpg"], b"data"),
        ([b"srv/media/avatars", b"srv/media/loose.jpg", b"srv/db/avatars"], b"srv/media"),
        ([b"/data/avatars", b"/data/loose.jpg"], b"/data"),
        ([b"/avatars", b"/loose.jpg"], b"/"),
        ([b"avatars/avatars", b"avatars"], ROOT),
        ([b"b/avatars", b"a/x/avatars", b"a/avatars"], b"a"),
        ([b"a/avatars", b"avatars"], ROOT),
        ([b"data/other"], ROOT),
        ([], ROOT),
    ],
)
def test_the_prefix_is_the_directory_that_holds_most_of_what_is_at_the_top(entries: list[bytes], prefix: bytes) -> None:
    assert find_prefix(entries, MEDIA) == prefix


def test_nothing_is_found_where_nothing_is_expected() -> None:
    assert find_prefix([b"data/avatars"], [ROOT]) == ROOT
    assert find_prefix([b"data/avatars"], []) == ROOT


@pytest.mark.parametrize(
    ("prefix", "path", "relative"),
    [
        (ROOT, b"a/b", b"a/b"),
        (ROOT, ROOT, ROOT),
        (b"data", b"data", ROOT),
        (b"data", b"data/a/b", b"a/b"),
        (b"data", b"database", b""),
        (b"data", ROOT, b""),
        (b"/", b"/a", b"a"),
        (b"/", b"/", ROOT),
        (b"/data", b"/data/a", b"a"),
    ],
)
def test_a_path_is_relative_to_the_prefix_or_not_below_it(prefix: bytes, path: bytes, relative: bytes) -> None:
    assert below(prefix, path) == relative


def test_what_is_below_a_prefix_is_a_tree_of_its_own() -> None:
    links = frozenset({frozenset({b"d/a", b"d/b", b"x"}), frozenset({b"d/c", b"x"})})
    found = media_below(b"d", manifest(b"d", b"d/a", b"d/b", b"d/c", b"x", links=links))

    assert found == manifest(ROOT, b"a", b"b", b"c", links=frozenset({frozenset({b"a", b"b"})}))


def test_a_missing_entry_for_the_media_themselves_is_lent() -> None:
    expected = Manifest({ROOT: replace(manifest(ROOT).entries[ROOT], mode=0o2775)})

    assert media_below(ROOT, manifest(b"a"), expected).entries[ROOT].mode == 0o2775
    assert media_below(b"d", manifest(b"d/a"), expected).entries[ROOT].mode == 0o2775
    assert media_below(ROOT, manifest(ROOT, b"a"), expected).entries[ROOT].mode == 0o644
    assert media_below(ROOT, manifest(b"a")) == manifest(b"a")
    assert media_below(ROOT, manifest(b"a"), manifest(b"a")) == manifest(b"a")
