"""A live tree is read whole or not at all: by GNU tools as in a container, and by Python on this host."""

import os
import socket
import stat
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from media_guarantees.media import host_listing
from media_guarantees.media.awkward_names import NASTY_NAMES
from media_guarantees.media.container_listing import LISTING, read_listing
from media_guarantees.media.diff import diff
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.stable_scan import ChangedWhileReading, IncompleteListing

Shim = Callable[[str], dict[str, str]]


def list_tree(root: Path, env: dict[str, str] | None = None) -> bytes:
    """Run the listing as a container would; return what it wrote."""
    return subprocess.run([*LISTING, root], stdout=subprocess.PIPE, check=True, env=env).stdout


@pytest.fixture(name="shim")
def _shim(tmp_path: Path) -> Shim:
    """Put a shell script in place of `sha256sum`; return the environment that finds it."""

    def install(script: str) -> dict[str, str]:
        program = tmp_path / "bin" / "sha256sum"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\nPATH={os.environ['PATH']}\n{script}\n")
        program.chmod(0o755)
        return os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"}

    return install


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_any_name_survives_the_listing(tree: Path, name: bytes) -> None:
    (tree / os.fsdecode(name)).write_bytes(name)

    assert set(read_listing(list_tree(tree)).entries) == {b".", name}


def test_both_ways_of_reading_see_the_same(nasty_tree: Path) -> None:
    listed = read_listing(list_tree(nasty_tree))

    assert diff(read_directory(nasty_tree), listed) == ()
    assert listed == read_directory(nasty_tree), "compared whole, not by our own comparison"


def test_an_entry_is_as_the_kernel_reports_it(tree: Path) -> None:
    (tree / "a").write_bytes(b"abc")
    os.utime(tree / "a", ns=(0, 1_600_000_000_000_000_001))
    (tree / "a").chmod(0o6751)

    entry = read_listing(list_tree(tree)).entries[b"a"]

    assert (entry.kind, entry.size, oct(entry.mode)) == ("file", 3, "0o6751")
    assert entry.mtime_ns == 1_600_000_000_000_000_001
    assert (entry.uid, entry.gid) == (os.getuid(), (tree / "a").stat().st_gid)
    assert entry.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "of FIPS 180-4"


def test_a_time_before_1970_is_read_exactly(tree: Path) -> None:
    (tree / "old").touch()
    os.utime(tree / "old", ns=(0, -1_750_000_000))

    assert read_listing(list_tree(tree)).entries[b"old"].mtime_ns == -1_750_000_000


def test_hard_links_are_grouped(nasty_tree: Path) -> None:
    deep = b"/".join([b"d" * 199] * 3)

    assert read_listing(list_tree(nasty_tree)).links == {
        frozenset({b"line\nbreak", b"another\n hard link", deep + b"/hard link"})
    }


def test_a_file_linked_from_elsewhere_only_is_in_no_group(tree: Path, tmp_path: Path) -> None:
    (tree / "a").touch()
    (tmp_path / "outside").hardlink_to(tree / "a")

    assert read_listing(list_tree(tree)).links == frozenset()


def test_what_is_no_file_is_reported_by_its_kind_and_not_opened(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tree / "fifo")
    (tree / "link").symlink_to("fifo")
    monkeypatch.chdir(tree)  # a socket's path is at most 108 bytes
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")

        kinds = {path: entry.kind for path, entry in read_listing(list_tree(tree)).entries.items()}

    assert kinds == {b".": "directory", b"fifo": "fifo", b"link": "symlink", b"socket": "socket"}


def test_a_directory_has_no_size_for_that_is_its_file_systems_business(tree: Path) -> None:
    assert read_listing(list_tree(tree)).entries[b"."].size == 0


def test_without_a_path_the_current_directory_is_listed(nasty_tree: Path) -> None:
    output = subprocess.run(LISTING, cwd=nasty_tree, stdout=subprocess.PIPE, check=True).stdout

    assert read_listing(output) == read_directory(nasty_tree)


def test_a_listing_can_be_read_from_a_stream_and_in_odd_pieces(nasty_tree: Path) -> None:
    output = list_tree(nasty_tree)
    pieces = (output[start : start + 7] for start in range(0, len(output), 7))

    assert read_listing(BytesIO(output)) == read_listing(pieces) == read_listing(output)


def test_a_listing_cut_off_anywhere_is_incomplete(tree: Path) -> None:
    (tree / "a").write_bytes(b"abc")
    (tree / "link").symlink_to("a")
    output = list_tree(tree)

    for end in range(len(output)):
        with pytest.raises(IncompleteListing, match=r"cut off|no beginning|damaged record"):
            read_listing(output[:end])


def test_a_listing_with_more_behind_its_end_is_refused(tree: Path) -> None:
    with pytest.raises(IncompleteListing, match="end marker"):
        read_listing(list_tree(tree) + b"more\0")


def test_a_directory_that_is_not_there_makes_no_manifest(tmp_path: Path) -> None:
    command = subprocess.run([*LISTING, tmp_path / "absent"], capture_output=True, check=False)

    assert command.returncode != 0
    with pytest.raises(IncompleteListing, match="no beginning"):
        read_listing(command.stdout)


def test_a_file_that_cannot_be_read_makes_no_manifest_and_says_why(tree: Path, shim: Shim) -> None:
    (tree / "a").write_bytes(b"abc")
    environment = shim("echo 'sha256sum: ./a: Permission denied' >&2; exit 1")

    with pytest.raises(IncompleteListing, match=r"sha256sum ended with status '123'\n.*Permission denied"):
        read_listing(list_tree(tree, env=environment))


def test_a_file_that_vanishes_during_the_scan_is_named(tree: Path, shim: Shim) -> None:
    (tree / "a").write_bytes(b"abc")
    environment = shim('rm a; exec sha256sum "$@"')

    with pytest.raises(ChangedWhileReading, match="'a'"):
        read_listing(list_tree(tree, env=environment))


@pytest.mark.parametrize("change", ["echo b > a", "touch -d 2001-01-01 a", "chmod 7 a", "echo > new", "ln a b"])
def test_any_change_during_the_reading_is_noticed(tree: Path, shim: Shim, change: str) -> None:
    (tree / "a").write_bytes(b"abc")
    environment = shim(f'sha256sum "$@"; {change}')

    with pytest.raises(ChangedWhileReading, match=r"'a'|'new'"):
        read_listing(list_tree(tree, env=environment))


def test_a_change_that_keeps_size_and_time_is_noticed_too(tree: Path, shim: Shim) -> None:
    (tree / "a").write_bytes(b"abc")
    os.utime(tree / "a", ns=(0, 10**18))
    environment = shim('sha256sum "$@"; touch -r a ../time; echo -n xyz > a; touch -r ../time a')

    with pytest.raises(ChangedWhileReading, match="'a'"):
        read_listing(list_tree(tree, env=environment))


def test_a_file_that_was_not_hashed_is_noticed(tree: Path, shim: Shim) -> None:
    (tree / "a").write_bytes(b"abc")

    with pytest.raises(ChangedWhileReading, match="'a'"):
        read_listing(list_tree(tree, env=shim("exit 0")))


def test_a_damaged_hash_is_refused(tree: Path, shim: Shim) -> None:
    (tree / "a").write_bytes(b"abc")

    with pytest.raises(IncompleteListing, match="damaged hash"):
        read_listing(list_tree(tree, env=shim("printf 'abc  ./a\\0'")))


@pytest.mark.parametrize("change", [lambda tree: (tree / "a").unlink(), lambda tree: (tree / "new").touch()])
def test_a_change_during_the_reading_is_noticed_on_the_host_too(
    tree: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    (tree / "a").write_bytes(b"abc")
    read = host_listing._sha256

    def read_and_change(path: bytes) -> str:
        digest = read(path)
        change(tree)
        return digest

    monkeypatch.setattr(host_listing, "_sha256", read_and_change)

    with pytest.raises(ChangedWhileReading, match=r"'a'|'new'"):
        read_directory(tree)


def test_on_the_host_a_file_that_becomes_a_link_is_not_followed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "a").write_bytes(b"abc")
    read = host_listing._sha256

    def replace_and_read(path: bytes) -> str:
        (tree / "a").unlink()
        (tree / "a").symlink_to("/dev/zero")
        return read(path)

    monkeypatch.setattr(host_listing, "_sha256", replace_and_read)

    with pytest.raises(ChangedWhileReading, match="vanished or was replaced"):
        read_directory(tree)


def test_on_the_host_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        read_directory(tmp_path / "absent")


def test_on_the_host_all_permission_bits_are_reported(tree: Path) -> None:
    tree.chmod(0o3755)

    assert read_directory(tree).entries[b"."].mode == stat.S_IMODE(tree.stat().st_mode) == 0o3755
