"""A manifest describes a tree, summarizes it, and survives writing and reading."""

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest

from media_guarantees.media.awkward_names import NASTY_NAMES
from media_guarantees.media.manifest import Entry, Manifest, printable

FILE = Entry(b"a", "file", 12, "00" * 32, 0o644, 1000, 1001, 1_700_000_000_123_456_789, b"")
FOLDER = Entry(b".", "directory", 0, "", 0o755, 0, 0, 1_700_000_000_000_000_000, b"")
LINK = Entry(b"l", "symlink", 0, "", 0o777, 0, 0, -1_750_000_000, b"to \xff\n%")


def manifest_of(*paths: bytes, links: Iterable[Iterable[bytes]] = ()) -> Manifest:
    entries = (FOLDER, *(replace(FILE, path=path) for path in paths))
    return Manifest({entry.path: entry for entry in entries}, frozenset(map(frozenset, links)))


def test_the_files_are_only_the_regular_ones() -> None:
    tree = Manifest({entry.path: entry for entry in (LINK, FILE, FOLDER)})

    assert tree.files == (FILE,), f"files: {tree.files}"


def test_a_summary_counts_files_and_bytes() -> None:
    assert manifest_of(b"a", b"b", b"c").summary() == "3 files, 36 bytes"


def test_a_summary_of_one_file_is_in_the_singular() -> None:
    assert manifest_of(b"a").summary() == "1 file, 12 bytes"


def test_what_is_under_a_directory_leaves_out_its_namesakes() -> None:
    tree = manifest_of(b"avatars", b"avatars/x", b"avatars2", b"avatars2/x", b"x/avatars")

    assert set(tree.under(b"avatars").entries) == {b"avatars", b"avatars/x"}


def test_what_is_under_the_root_is_everything() -> None:
    tree = manifest_of(b"a", b"b/c")

    assert tree.under(b".") == tree


def test_a_hard_link_out_of_a_directory_is_no_link_within_it() -> None:
    tree = manifest_of(b"d/a", b"d/b", b"e", links=[(b"d/a", b"d/b", b"e")])

    assert tree.under(b"d").links == {frozenset({b"d/a", b"d/b"})}
    assert tree.under(b"e").links == frozenset(), "a group of one is no group"


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_any_name_survives_json(name: bytes) -> None:
    tree = manifest_of(name, b"d/" + name, links=[(name, b"d/" + name)])

    assert Manifest.from_json(tree.to_json()) == tree


def test_a_links_target_and_a_time_before_1970_survive_json() -> None:
    tree = Manifest({LINK.path: LINK})

    assert Manifest.from_json(tree.to_json()) == tree


def test_written_down_a_manifest_is_plain_ascii() -> None:
    assert manifest_of(*NASTY_NAMES).to_json().isascii()
    assert '"path": "d/plain (1).jpg"' in manifest_of(b"d/plain (1).jpg").to_json()


@pytest.mark.parametrize("text", ["[]", "{}", '{"format": "media manifest 0"}', "", '{"format": "media manifest 1"}'])
def test_other_json_is_refused_as_no_manifest(text: str) -> None:
    with pytest.raises(ValueError, match=r"manifest|Expecting value"):
        Manifest.from_json(text)


def test_an_entry_that_lacks_an_aspect_is_refused() -> None:
    written = json.loads(manifest_of(b"a").to_json())
    del written["entries"][1]["mode"]

    with pytest.raises(ValueError, match=r"not a whole manifest.*mode"):
        Manifest.from_json(json.dumps(written))


@pytest.mark.parametrize(("aspect", "value"), [("size", "1"), ("mode", 1.5), ("uid", None), ("path", 1), ("kind", [])])
def test_an_aspect_of_another_type_is_refused(aspect: str, value: object) -> None:
    written = json.loads(manifest_of(b"a").to_json())
    written["entries"][1][aspect] = value

    with pytest.raises(ValueError, match=f"not a whole manifest.*{aspect} is"):
        Manifest.from_json(json.dumps(written))


@pytest.mark.parametrize("cut", range(2, 400, 40))
def test_a_manifest_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        Manifest.from_json(manifest_of(b"a").to_json()[:-cut])


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"plain.jpg", "'plain.jpg'"),
        ("a\u00e7\u00e3o".encode(), "'a\u00e7\u00e3o'"),
        ("ac\u0327a\u0303o".encode(), r"'ac\u0327a\u0303o'"),
        (b"IMG_X.JPG", "'IMG_X.JPG'"),
        (b"\xff", r"'\xff'"),
        (b"\x80", r"'\x80'"),
        ("\u0080".encode(), r"'\u0080'"),
        ("\U00010000e\u0301".encode(), r"'\U00010000e\u0301'"),
        ("\u00ff\u0301e\u0301".encode(), r"'\u00ff\u0301e\u0301'"),
        (b"a\nb\t", r"'a\nb\t'"),
        (rb"a\nb", r"'a\\nb'"),
        (b"it's ", r"'it\'s '"),
        ("\u202egpj.exe".encode(), r"'\u202egpj.exe'"),
        ("\U0001f389".encode(), "'\U0001f389'"),
    ],
)
def test_different_names_are_shown_differently(name: bytes, shown: str) -> None:
    assert printable(name) == shown


def test_no_two_nasty_names_are_shown_alike() -> None:
    assert len({printable(name) for name in NASTY_NAMES}) == len(NASTY_NAMES)
