"""The legacy tree holds everything that years of uploads can leave; what migration must make of it is exact."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from media_guarantees.media.awkward_names import NASTY_NAMES
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.legacy_media import (
    BIG_NAME,
    MEGABYTE,
    NASTY_FOLDER,
    as_far_as_judged,
    as_migrated,
    lay_out_legacy,
    restricted,
    without_directories,
    write_file,
)
from media_guarantees.media.manifest import ROOT, Entry, Manifest

FILE = Entry(b"d/a", "file", 1, "00", 0o440, 0, 0, 5, b"")
FOLDER = Entry(b"d", "directory", 0, "", 0o555, 0, 0, 5, b"")
LINK = Entry(b"l", "symlink", 0, "", 0o777, 0, 0, 5, b"d/a")
TWIN = replace(FILE, path=b"h")
TREE = Manifest({entry.path: entry for entry in (FOLDER, FILE, LINK, TWIN)}, frozenset({frozenset({b"d/a", b"h"})}))
EMPTY = Manifest({})


@pytest.fixture(name="tree", scope="module")
def _tree(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    root = tmp_path_factory.mktemp("legacy") / "media"
    return root, lay_out_legacy(root, 1, big_bytes=2 * MEGABYTE)


def is_empty_directory(tree: Manifest, path: bytes) -> bool:
    return tree.entries[path].kind == "directory" and not any(other.startswith(path + b"/") for other in tree.entries)


def test_the_manifest_is_of_what_was_laid_out(tree: tuple[Path, Manifest]) -> None:
    root, manifest = tree

    assert read_directory(root) == manifest


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_every_nasty_name_is_there(tree: tuple[Path, Manifest], name: bytes) -> None:
    assert NASTY_FOLDER.encode() + b"/" + name in tree[1].entries


@pytest.mark.parametrize(
    ("what", "holds"),
    [
        ("a name that starts with - at the top", lambda tree: b"-top-level.jpg" in tree.entries),
        ("a dot file at the top", lambda tree: b".top-level" in tree.entries),
        ("a name with a space", lambda tree: b"avatars/old one.png" in tree.entries),
        ("nested directories", lambda tree: b"event_banners/2019/01/deep.jpg" in tree.entries),
        ("an empty directory", lambda tree: any(is_empty_directory(tree, path) for path in tree.entries)),
        ("an empty file", lambda tree: any(file.size == 0 for file in tree.files)),
        ("a name of 255 bytes", lambda tree: any(len(path.split(b"/")[-1]) == 255 for path in tree.entries)),
        ("a path of 600 bytes", lambda tree: any(len(path) > 600 for path in tree.entries)),
        ("hard links", lambda tree: bool(tree.links)),
        ("times with nanoseconds", lambda tree: any(file.mtime_ns % 10**9 for file in tree.files)),
    ],
)
def test_the_tree_has(tree: tuple[Path, Manifest], what: str, holds: Callable[[Manifest], bool]) -> None:
    assert holds(tree[1]), f"the tree lacks {what}, so that migrating it shows nothing about that"


def test_the_big_file_is_as_big_as_was_asked_and_no_repetition_of_a_block(tree: tuple[Path, Manifest]) -> None:
    content = (tree[0] / BIG_NAME).read_bytes()

    assert len(content) == 2 * MEGABYTE
    assert content[:MEGABYTE] != content[MEGABYTE:], "a copy that repeats its first half must not go unnoticed"


def test_one_seed_lays_out_the_same_content_again(tmp_path: Path) -> None:
    first, again, other = (
        lay_out_legacy(tmp_path / name, seed, big_bytes=MEGABYTE) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    contents = [{file.path: file.sha256 for file in tree.files} for tree in (first, again, other)]

    assert contents[0] == contents[1]
    assert contents[0] != contents[2]


def test_a_written_file_is_old_and_private(tmp_path: Path) -> None:
    write_file(tmp_path / "new folder" / "x", b"content")

    status = (tmp_path / "new folder" / "x").stat()
    assert (status.st_mode & 0o777, status.st_mtime_ns % 10**9) == (0o640, 123_456_789)
    assert status.st_mtime < 1.6e9


def test_what_is_migrated_is_the_services() -> None:
    owners = {(entry.uid, entry.gid) for entry in as_migrated(TREE, EMPTY, 10001, 10002).entries.values()}

    assert owners == {(10001, 10002)}


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("file", 0o440, 0o640),
        ("file", 0o000, 0o600),
        ("file", 0o644, 0o644),
        ("file", 0o455, 0o755),
        ("file", 0o001, 0o701),
        ("directory", 0o555, 0o755),
        ("directory", 0o000, 0o700),
        ("directory", 0o2770, 0o2770),
        ("symlink", 0o777, 0o777),
    ],
)
def test_the_service_can_always_work_on_what_is_migrated(kind: str, before: int, after: int) -> None:
    host = Manifest({b"x": replace(FILE, path=b"x", kind=kind, mode=before)})

    assert oct(as_migrated(host, EMPTY, 1, 1).entries[b"x"].mode) == oct(after)


def test_nothing_but_owner_and_mode_changes(tree: tuple[Path, Manifest]) -> None:
    _, host = tree

    migrated = as_migrated(host, EMPTY, 1, 1)

    def rest(manifest: Manifest) -> dict[bytes, Entry]:
        return {path: replace(entry, uid=0, gid=0, mode=0) for path, entry in manifest.entries.items()}

    assert rest(migrated) == rest(host)
    assert migrated.links == host.links


def test_folders_that_the_volume_has_already_are_left_out(tree: tuple[Path, Manifest]) -> None:
    volume = Manifest({ROOT: replace(FOLDER, path=ROOT), b"avatars": replace(FOLDER, path=b"avatars")})

    migrated = as_migrated(tree[1], volume, 1, 1)

    assert tree[1].entries.keys() - migrated.entries.keys() == {ROOT, b"avatars"}


def test_a_file_of_a_folders_name_in_the_volume_is_no_folder_to_keep() -> None:
    volume = Manifest({b"d": replace(FILE, path=b"d")})

    assert b"d" in as_migrated(TREE, volume, 1, 1).entries


def test_what_is_restricted_is_about_the_other_trees_paths_alone() -> None:
    to = Manifest({b"d/a": FILE, b"elsewhere": replace(FILE, path=b"elsewhere")})

    assert restricted(TREE, to) == Manifest({b"d/a": FILE}), "a group of hard links with one name is no group"


def test_what_is_restricted_to_itself_is_the_same() -> None:
    assert restricted(TREE, TREE) == TREE


def test_without_directories_all_else_is_there() -> None:
    rest = without_directories(TREE)

    assert set(rest.entries) == {b"d/a", b"l", b"h"}
    assert rest.links == TREE.links


DUE = as_migrated(TREE, EMPTY, 10001, 10001)


def found(**changes: object) -> Manifest:
    """What a migration made of the tree, with something different about the file."""
    file = replace(DUE.entries[b"d/a"], **changes)  # type: ignore[arg-type]
    return Manifest({**DUE.entries, b"d/a": file}, DUE.links)


@pytest.mark.parametrize("either", [{}, {"uid": 0}, {"gid": 0}, {"mode": 0o440}, {"uid": 0, "gid": 0, "mode": 0o440}])
def test_owner_and_mode_may_be_the_hosts_or_the_services(either: dict[str, int]) -> None:
    seen = found(**either)

    assert as_far_as_judged(DUE, TREE, seen) == seen


@pytest.mark.parametrize(
    "other", [{"uid": 5}, {"gid": 5}, {"mode": 0o644}, {"mtime_ns": 6}, {"sha256": "ff"}, {"size": 2}]
)
def test_any_other_owner_or_mode_is_judged_and_so_is_all_else(other: dict[str, object]) -> None:
    seen = found(**other)

    assert as_far_as_judged(DUE, TREE, seen).entries[b"d/a"] == DUE.entries[b"d/a"]


def test_the_time_of_a_directory_is_not_judged() -> None:
    seen = Manifest({**DUE.entries, b"d": replace(DUE.entries[b"d"], mtime_ns=99)}, DUE.links)

    assert as_far_as_judged(DUE, TREE, seen) == seen


def test_what_is_missing_is_still_due() -> None:
    assert as_far_as_judged(DUE, TREE, EMPTY) == DUE
