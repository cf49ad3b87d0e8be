"""A live volume is scanned completely while people use it; files that changed during the scan don't count as read."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from media_guarantees.core import journal
from media_guarantees.gate import volume_scan
from media_guarantees.gate.volume_scan import NOTHING, Choice, Helper, entry_of, read_scan, scan_once, scan_volume
from media_guarantees.media.awkward_names import plant_nasty_tree
from media_guarantees.media.diff import diff
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.manifest import Entry
from media_guarantees.media.stable_scan import IncompleteListing

Shim = Callable[..., dict[str, str]]
LINE = b"- f 3 644 0 0 1.5 2.5 1 1:2 "


@pytest.fixture(name="helper")
def _helper(tree: Path) -> Helper:
    """What would run a program in a container runs it here, where the tree is."""
    return lambda args: ["sh", "-c", 'cd "$0" && exec "$@"', str(tree), *args]


@pytest.fixture(name="shim")
def _shim(tmp_path: Path) -> Shim:
    """Let a script run before a program does, with its arguments; return the environment in which it is found."""

    def install(script: str, program: str = "sha256sum") -> dict[str, str]:
        file = tmp_path / "bin" / program
        file.parent.mkdir()
        file.write_text(f'#!/bin/bash\nPATH={os.environ["PATH"]}\n{script}\nexec {program} "$@"\n')
        file.chmod(0o755)
        return os.environ | {"PATH": f"{file.parent}:{os.environ['PATH']}"}

    return install


def test_a_scan_sees_what_a_manifest_sees(tree: Path, helper: Helper) -> None:
    plant_nasty_tree(tree)

    changes = diff(read_directory(tree), scan_volume(helper, os.environ).manifest(), ignore={"links"})

    # A directory's time changes with every upload, so that the scan leaves it out.
    assert {(change.aspect, (tree / os.fsdecode(change.path)).is_dir()) for change in changes} <= {("mtime", True)}


def test_only_the_contents_that_were_chosen_are_read(tree: Path, helper: Helper) -> None:
    for name in "abc":
        (tree / name).write_text(name)

    seen = scan_volume(helper, os.environ, choose=lambda all_of_it: all_of_it.files[1:2])

    assert seen.files == [b"a", b"b", b"c"]
    assert [path for path in seen.files if not seen.entries[path].startswith(b"- ")] == [b"b"]
    assert seen.hashed == 1


def test_what_changes_while_it_is_read_is_looked_at_again(tree: Path, helper: Helper, shim: Shim) -> None:
    (tree / "a").write_text("old")
    once = shim('[ -e ../done ] || { touch ../done; sha256sum "$@"; echo new > a; echo b > b; exit; }')

    seen = scan_volume(helper, once)

    assert not seen.unstable
    assert seen.manifest().entries[b"a"] == read_directory(tree).entries[b"a"], (
        "an upload during the scan may be left out"
    )


def test_what_never_holds_still_is_named_and_not_vouched_for(tree: Path, helper: Helper, shim: Shim) -> None:
    (tree / "busy").write_text("x")
    (tree / "calm").write_text("x")

    seen = scan_volume(helper, shim("echo x >> busy"))

    assert seen.unstable == {b"busy"}
    assert set(seen.manifest().entries) == {b".", b"calm"}


def test_what_people_delete_during_the_scan_is_no_fault(tree: Path, helper: Helper, shim: Shim) -> None:
    (tree / "kept").write_text("x")
    (tree / "deleted").write_text("x")

    seen = scan_volume(helper, shim("rm -f deleted"))

    assert seen.files == [b"kept"]
    assert not seen.unstable


# A file vanished while find went through the tree: it says so, ends with status 1, and lists all the others.
VANISHED = """find "$@"; echo "find: './x': No such file or directory" >&2; exit 1"""


@pytest.mark.parametrize("choose", [None, lambda seen: seen.files], ids=["full", "quick"])
def test_what_vanishes_under_find_is_no_fault(tree: Path, helper: Helper, shim: Shim, choose: Choice | None) -> None:
    (tree / "a").write_text("x")
    (tree / "b").write_text("x")

    seen = scan_volume(helper, shim(VANISHED, "find"), choose=choose)

    assert seen.files == [b"a", b"b"]
    assert seen.hashed == 2


def test_what_vanishes_while_it_is_looked_at_again_is_no_fault(tree: Path, helper: Helper, shim: Shim) -> None:
    (tree / "a").write_text("old")
    environment = shim('[ -e ../done ] || { touch ../done; sha256sum "$@"; echo new > a; exit; }')
    find = tree.parent / "bin" / "find"
    find.write_text(f"#!/bin/bash\nPATH={os.environ['PATH']}\n{VANISHED}\n")
    find.chmod(0o755)

    seen = scan_volume(helper, environment)

    assert seen.manifest().entries[b"a"] == read_directory(tree).entries[b"a"]


@pytest.mark.parametrize("choose", [None, lambda seen: seen.files], ids=["full", "quick"])
def test_a_find_that_was_killed_did_not_see_everything(
    tree: Path, helper: Helper, shim: Shim, choose: Choice | None
) -> None:
    (tree / "a").write_text("x")

    with pytest.raises(IncompleteListing, match="find: ended with status 137"):
        scan_volume(helper, shim("kill -KILL $$", "find"), choose=choose)


def test_a_file_that_can_not_be_read_is_an_error(tree: Path, helper: Helper, shim: Shim) -> None:
    (tree / "bad").write_text("x")

    with pytest.raises(IncompleteListing, match=r"couldn't be read: sha256sum: ./bad: Input/output error"):
        scan_volume(helper, shim("echo 'sha256sum: ./bad: Input/output error' >&2; exit 1"))


def test_a_file_whose_sum_is_missing_is_an_error(tree: Path, helper: Helper, shim: Shim) -> None:
    (tree / "bad").write_text("x")

    with pytest.raises(IncompleteListing, match="1 files could not be read, such as 'bad'"):
        scan_volume(helper, shim("exit 0"))


def test_a_helper_that_does_not_start_says_why() -> None:
    with pytest.raises(IncompleteListing, match="status 3: no such image"):
        scan_once(lambda _: ["sh", "-c", "echo no such image >&2; exit 3"], os.environ, NOTHING)


def test_a_helper_that_is_cut_off_is_noticed(tree: Path, helper: Helper) -> None:
    (tree / "a").write_text("x")

    with pytest.raises(IncompleteListing, match="ended with status 0"):
        scan_once(lambda args: ["bash", "-c", '"$@" | head -c 60', "bash", *helper(args)], os.environ, NOTHING)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ([b"something else"], "no beginning"),
        ([b"scan 1", b"seen", b"no separator"], "a damaged record"),
        ([b"scan 1", b"seen", b"./a//f"], "cut off after its part 'seen'"),
        ([b"scan 1", b"contents", b"abc  ./a"], "a damaged hash"),
        ([b"scan 1", b"others", b"errors", b""], "cut off after its part 'others'"),
        (
            [b"scan 1", b"others", b"errors", b"find: './x': Permission denied\n", b"complete"],
            "couldn't be read: find: './x': Permission denied",
        ),
    ],
)
def test_a_damaged_scan_is_refused(fields: list[bytes], complaint: str) -> None:
    with pytest.raises(IncompleteListing, match=complaint):
        read_scan(iter(fields))


def test_a_line_is_taken_apart() -> None:
    line = b"ab f 3 4755 10 20 -2.2500000000 9.0 1 1:2 "

    assert entry_of(b"a", line) == Entry(b"a", "file", 3, "ab", 0o4755, 10, 20, -1_750_000_000, b"")
    assert entry_of(b"l", b"- l 3 777 0 0 1.5 2.5 1 1:2 to a place").target == b"to a place"


@pytest.fixture(name="progress")
def _progress(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(journal, "progress", lines.append)
    return lines


def test_a_long_scan_reports_its_progress(
    tree: Path, helper: Helper, progress: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume_scan, "_REPORT_SECONDS", -1.0)
    for number in range(30):
        (tree / str(number)).touch()

    scan_volume(helper, os.environ)

    assert progress[-1] == "manifest: 30 contents read"


def test_a_helper_that_says_nothing_any_more_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume_scan, "STALL_SECONDS", 0.1)

    with pytest.raises(IncompleteListing, match=r"said nothing for 0\.1 s"):
        scan_once(lambda _: ["sleep", "600"], os.environ, NOTHING)
