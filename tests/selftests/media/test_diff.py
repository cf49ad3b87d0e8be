"""A single difference between two manifests is reported as exactly that, in words that a person can act on."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from media_guarantees.media.diff import (
    Difference,
    NothingCompared,
    Value,
    damaged,
    describe,
    diff,
    differences_of,
    summarize,
)
from media_guarantees.media.manifest import Entry, Manifest

SUM, OTHER_SUM = "11" * 32, "22" * 32
TIME = 1_767_225_600_123_456_789
ENTRIES = (
    Entry(b".", "directory", 0, "", 0o755, 0, 0, TIME, b""),
    Entry(b"a.jpg", "file", 12, SUM, 0o644, 1000, 1001, TIME, b""),
    Entry(b"b.jpg", "file", 12, SUM, 0o644, 1000, 1001, TIME, b""),
    Entry(b"empty", "directory", 0, "", 0o700, 0, 0, TIME, b""),
    Entry(b"link", "symlink", 0, "", 0o777, 0, 0, TIME, b"a.jpg"),
)


def manifest(entries: Iterable[Entry] = ENTRIES, links: Iterable[Iterable[bytes]] = ()) -> Manifest:
    return Manifest({entry.path: entry for entry in entries}, frozenset(map(frozenset, links)))


def altered(path: bytes, **changes: Any) -> Manifest:
    """Return the tree with one entry changed."""
    return manifest([replace(entry, **changes) if entry.path == path else entry for entry in ENTRIES])


def without(path: bytes) -> Manifest:
    return manifest([entry for entry in ENTRIES if entry.path != path])


def renamed(path: bytes, new: bytes) -> Manifest:
    return manifest([replace(entry, path=new) if entry.path == path else entry for entry in ENTRIES])


def test_equal_trees_have_no_difference() -> None:
    assert diff(manifest(links=[(b"a.jpg", b"b.jpg")]), manifest(links=[(b"a.jpg", b"b.jpg")])) == ()


@pytest.mark.parametrize(
    ("path", "field", "value", "aspect", "before"),
    [
        (b"a.jpg", "sha256", OTHER_SUM, "content", SUM),
        (b"a.jpg", "mode", 0o600, "mode", 0o644),
        (b"a.jpg", "mode", 0o4644, "mode", 0o644),
        (b"a.jpg", "uid", 0, "owner", 1000),
        (b"a.jpg", "gid", 0, "group", 1001),
        (b"a.jpg", "mtime_ns", TIME + 1, "mtime", TIME),
        (b"link", "target", b"b.jpg", "target", b"a.jpg"),
        (b"link", "mtime_ns", TIME - 1, "mtime", TIME),
        (b"empty", "mode", 0o755, "mode", 0o700),
        (b".", "mtime_ns", TIME + 1, "mtime", TIME),
        (b".", "mode", 0o700, "mode", 0o755),
        (b".", "uid", 1000, "owner", 0),
    ],
)
def test_one_changed_aspect_is_one_difference(
    path: bytes, field: str, value: Value, aspect: str, before: Value
) -> None:
    assert diff(manifest(), altered(path, **{field: value})) == (Difference(path, aspect, before, value),)


def test_another_size_is_reported_once_though_the_content_differs_too() -> None:
    changes = diff(manifest(), altered(b"a.jpg", size=11, sha256=OTHER_SUM))

    assert changes == (Difference(b"a.jpg", "size", 12, 11),)


def test_another_kind_is_reported_as_just_that() -> None:
    changes = diff(manifest(), altered(b"a.jpg", kind="symlink", size=0, sha256="", target=b"x", mode=0o777))

    assert changes == (Difference(b"a.jpg", "kind", "file", "symlink"),)


def test_a_file_that_is_gone_is_missing() -> None:
    assert diff(manifest(), without(b"a.jpg")) == (Difference(b"a.jpg", "missing", ENTRIES[1], None),)


def test_an_empty_directory_that_is_gone_is_missing() -> None:
    assert diff(manifest(), without(b"empty")) == (Difference(b"empty", "missing", ENTRIES[3], None),)


def test_a_file_that_came_is_extra() -> None:
    assert diff(without(b"a.jpg"), manifest()) == (Difference(b"a.jpg", "extra", None, ENTRIES[1]),)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"a.jpg", b"A.jpg"),
        ("a\u00e7\u00e3o".encode(), "ac\u0327a\u0303o".encode()),
        (b"a", b"a "),
        (b"a", b"a\n"),
        (b"\xff", b"\xfe"),
    ],
)
def test_a_name_that_changed_ever_so_little_is_another_name(old: bytes, new: bytes) -> None:
    changes = diff(renamed(b"a.jpg", old), renamed(b"a.jpg", new))

    assert {(change.path, change.aspect) for change in changes} == {(old, "missing"), (new, "extra")}


def test_a_broken_hard_link_is_reported_for_both_names() -> None:
    assert diff(manifest(links=[(b"a.jpg", b"b.jpg")]), manifest()) == (
        Difference(b"a.jpg", "links", (b"b.jpg",), ()),
        Difference(b"b.jpg", "links", (b"a.jpg",), ()),
    )


def test_a_new_hard_link_is_reported_for_both_names() -> None:
    assert diff(manifest(), manifest(links=[(b"a.jpg", b"b.jpg")])) == (
        Difference(b"a.jpg", "links", (), (b"b.jpg",)),
        Difference(b"b.jpg", "links", (), (b"a.jpg",)),
    )


def test_a_missing_hard_link_is_missing_and_nothing_else() -> None:
    before = manifest(links=[(b"a.jpg", b"b.jpg")])

    assert diff(before, without(b"b.jpg")) == (Difference(b"b.jpg", "missing", ENTRIES[2], None),)


def test_to_the_second_a_fraction_does_not_count() -> None:
    later = altered(b"a.jpg", mtime_ns=TIME // 10**9 * 10**9)

    assert diff(manifest(), later, mtime="seconds") == ()


def test_to_the_second_a_second_counts() -> None:
    changes = diff(manifest(), altered(b"a.jpg", mtime_ns=TIME + 10**9), mtime="seconds")

    assert [change.aspect for change in changes] == ["mtime"]


def test_before_1970_a_fraction_is_cut_as_tar_cuts_it() -> None:
    before, after = altered(b"a.jpg", mtime_ns=-1_750_000_000), altered(b"a.jpg", mtime_ns=-2_000_000_000)

    assert diff(before, after, mtime="seconds") == ()


def test_times_are_ignored_only_on_demand() -> None:
    assert diff(manifest(), altered(b"a.jpg", mtime_ns=0), mtime="ignore") == ()


@pytest.mark.parametrize(("field", "aspect"), [("mode", "mode"), ("uid", "owner"), ("gid", "group")])
def test_an_aspect_is_ignored_only_on_demand(field: str, aspect: str) -> None:
    assert diff(manifest(), altered(b"a.jpg", **{field: 1}), ignore={aspect}) == ()


def test_ignoring_the_size_does_not_hide_the_content() -> None:
    changes = diff(manifest(), altered(b"a.jpg", size=1, sha256=OTHER_SUM), ignore={"size"})

    assert [change.aspect for change in changes] == ["content"]


def test_an_aspect_that_does_not_exist_cannot_be_ignored() -> None:
    with pytest.raises(ValueError, match=r"can't ignore \['uid'\].*owner, group"):
        diff(manifest(), manifest(), ignore={"uid"})


@pytest.mark.parametrize("entries", [(), ENTRIES[:1], (ENTRIES[0], *ENTRIES[3:])])
def test_a_comparison_without_a_file_is_an_error(entries: tuple[Entry, ...]) -> None:
    with pytest.raises(NothingCompared, match="no file to compare"):
        diff(manifest(entries), manifest())


def test_a_comparison_that_overlooks_every_missing_file_is_an_error() -> None:
    with pytest.raises(NothingCompared, match="none of the 2 files"):
        diff(manifest(), manifest(ENTRIES[:1]), ignore={"missing"})


def test_all_files_lost_is_a_difference_and_not_an_error() -> None:
    assert len(diff(manifest(), manifest(()))) == len(ENTRIES)


def test_a_description_names_the_event_and_counts() -> None:
    gone = (Difference(b"x", "missing", ENTRIES[1], None), Difference(b"y", "missing", ENTRIES[0], None))
    changes = (*gone, Difference(b"a", "mode", 0o644, 0o600), Difference(b"a", "owner", 1, 2))

    text = describe(changes, event="recreating web-project")

    assert text.splitlines()[0] == "after recreating web-project: 2 missing, 1 changed"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (Difference(b"a\nb", "missing", ENTRIES[1], None), r"missing  'a\nb': file, 12 bytes"),
        (Difference(b"d", "extra", None, ENTRIES[0]), "extra    'd': directory"),
        (Difference(b"a", "kind", "file", "fifo"), "kind     'a': file became fifo"),
        (Difference(b"a", "size", 12000, 1), "size     'a': 12000 bytes became 1 byte"),
        (
            Difference(b"a", "content", SUM, OTHER_SUM),
            f"content  'a': sha256 {SUM[:16]}… became sha256 {OTHER_SUM[:16]}…",
        ),
        (Difference(b"a", "mode", 0o4755, 0o7), "mode     'a': 4755 became 0007"),
        (Difference(b"a", "owner", 0, 1000), "owner    'a': 0 became 1000"),
        (
            Difference(b"a", "mtime", 1_767_225_600_000_000_001, -1),
            "mtime    'a': 2026-01-01T00:00:00.000000001Z became 1969-12-31T23:59:59.999999999Z",
        ),
        (
            Difference(b"a", "mtime", 10**21, 0),
            "mtime    'a': 1000000000000.000000000 s since 1970 became 1970-01-01T00:00:00.000000000Z",
        ),
        (Difference(b"a", "target", b"x", b"x "), "target   'a': 'x' became 'x '"),
        (Difference(b"a", "links", (b"b", b"c"), ()), "links    'a': linked to 'b' 'c' became not linked"),
    ],
)
def test_a_difference_is_reported_in_its_own_units(change: Difference, line: str) -> None:
    assert describe([change], event="x").splitlines()[1] == "  " + line


def test_the_description_of_no_difference_says_so() -> None:
    assert describe((), event="a restart") == "after a restart: no difference"


def test_a_long_description_says_how_much_it_leaves_out() -> None:
    changes = [Difference(b"%d" % number, "owner", 0, 1) for number in range(37)]

    lines = describe(changes, event="x").splitlines()

    assert (len(lines), lines[-1]) == (22, "  … and 17 more")


def test_a_description_without_a_limit_leaves_out_nothing() -> None:
    changes = [Difference(b"%d" % number, "owner", 0, 1) for number in range(37)]

    assert len(describe(changes, event="x", limit=None).splitlines()) == 38


def test_a_summary_of_no_change_still_counts_what_was_compared() -> None:
    assert summarize(manifest(), ()) == "2 files, 24 bytes: 0 missing, 0 changed"


def test_a_summary_counts_new_files() -> None:
    changes = diff(without(b"a.jpg"), manifest())

    assert summarize(without(b"a.jpg"), changes) == "1 file, 12 bytes: 0 missing, 0 changed, 1 extra"


def test_one_path_is_compared_to_the_nanosecond() -> None:
    now = replace(ENTRIES[1], mtime_ns=TIME + 1, uid=7)

    assert differences_of(ENTRIES[1], now) == (
        Difference(b"a.jpg", "owner", 1000, 7),
        Difference(b"a.jpg", "mtime", TIME, TIME + 1),
    )


def test_one_path_as_it_was_has_no_difference() -> None:
    assert differences_of(ENTRIES[1], ENTRIES[1]) == ()


def test_one_path_of_another_kind_is_reported_as_just_that() -> None:
    now = replace(ENTRIES[1], kind="directory", size=0, sha256="")

    assert differences_of(ENTRIES[1], now) == (Difference(b"a.jpg", "kind", "file", "directory"),)


def test_one_path_that_is_gone_is_missing() -> None:
    assert differences_of(ENTRIES[1], None) == (Difference(b"a.jpg", "missing", ENTRIES[1], None),)


@pytest.mark.parametrize(
    ("aspect", "damage"), [("missing", "missing"), ("kind", "changed"), ("size", "changed"), ("content", "changed")]
)
def test_what_is_not_the_picture_that_it_was_is_damaged(aspect: str, damage: str) -> None:
    assert damaged([Difference(b"a.jpg", aspect, None, None)]) == {"a.jpg": damage}


@pytest.mark.parametrize("aspect", ["extra", "mode", "owner", "group", "mtime", "target", "links"])
def test_a_picture_whose_content_is_as_it_was_is_not_damaged(aspect: str) -> None:
    assert damaged([Difference(b"a.jpg", aspect, None, None)]) == {}


def test_a_damaged_picture_is_named_whatever_its_name() -> None:
    assert damaged([Difference(b"festa-\xe7\xe3o.jpg", "missing", None, None)]) == {
        "festa-\udce7\udce3o.jpg": "missing"
    }
