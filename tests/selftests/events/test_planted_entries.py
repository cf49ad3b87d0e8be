"""Every kind of file-system entry is planted as specified, and is not mistaken for media."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from media_guarantees.events.planted_entries import (
    FOLDER,
    are_planted,
    is_planted,
    plant,
    remove_planted,
    with_owners_taken_over,
)
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.manifest import Entry, Manifest
from media_guarantees.system import commands


class LocalStack:
    """A stack whose volume is a folder of this machine, and whose helper container is a shell in that folder."""

    def __init__(self, volume: Path) -> None:
        self.volume = volume
        self.backing = self
        self.service_container = SimpleNamespace(user=lambda: f"{os.geteuid()}:{os.getegid()}")

    @property
    def media(self) -> Any:
        """The volume."""
        return self

    def shell(self, script: str, *args: str, stdin: bytes | None = None) -> commands.Outcome:
        """Run a script in the volume; `chown` to another user needs root."""
        if os.geteuid() != 0:
            script = script.replace('chown "$3" foreign', ":")
        return commands.check(["bash", "-c", script, "bash", *args], cwd=self.volume, stdin=stdin)


@pytest.fixture(name="stack")
def _stack(tmp_path: Path) -> LocalStack:
    return LocalStack(tmp_path)


def planted(stack: LocalStack) -> Manifest:
    plant(cast("Any", stack))
    return read_directory(stack.volume)


def test_every_kind_of_entry_is_planted(stack: LocalStack) -> None:
    manifest = planted(stack)
    entries = {path.removeprefix(FOLDER + b"/"): entry for path, entry in manifest.entries.items()}

    assert are_planted(manifest)
    assert [entries[name].target for name in (b"relative", b"dangling", b"absolute")] == [
        b"file",
        b"nowhere",
        b"/etc/passwd",
    ]
    assert frozenset({FOLDER + b"/file", FOLDER + b"/hard link"}) in manifest.links
    assert entries[b"empty"].size == 0
    assert entries[b"empty directory"].kind == "directory"
    assert (entries[b"read-only"].mode, entries[b"shared"].mode) == (0o400, 0o2775)
    assert entries[b"names/not UTF-8 \xff\xfe"].kind == "file"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_one_file_has_a_foreign_owner_and_all_else_is_the_services(stack: LocalStack) -> None:
    entries = planted(stack).entries

    assert (entries[FOLDER + b"/foreign"].uid, entries[FOLDER + b"/foreign"].gid) == (4242, 4343)
    assert {entry.uid for path, entry in entries.items() if not path.endswith(b"/foreign")} == {0}


def test_the_sparse_file_is_sparse(stack: LocalStack) -> None:
    planted(stack)

    status = (stack.volume / FOLDER.decode() / "sparse").stat()
    assert status.st_blocks * 512 < status.st_size


def test_what_is_planted_again_is_the_same(stack: LocalStack) -> None:
    first = planted(stack)
    (stack.volume / FOLDER.decode() / "file").unlink()
    assert not are_planted(read_directory(stack.volume))

    again = planted(stack)

    assert {path: replace(entry, mtime_ns=0) for path, entry in again.entries.items()} == {
        path: replace(entry, mtime_ns=0) for path, entry in first.entries.items()
    }


@pytest.mark.parametrize("name", ["hard link", "relative", "absolute"])
def test_a_link_that_became_a_file_is_planted_again(stack: LocalStack, name: str) -> None:
    planted(stack)
    link = stack.volume / FOLDER.decode() / name
    link.unlink()
    link.write_text("plain")

    assert not are_planted(read_directory(stack.volume))


def test_what_is_removed_is_all_of_it_and_nothing_else(stack: LocalStack) -> None:
    (stack.volume / "picture").write_bytes(b"")
    planted(stack)

    remove_planted(cast("Any", stack))

    assert read_directory(stack.volume).entries.keys() == {b".", b"picture"}


@pytest.mark.parametrize(
    ("path", "known"),
    [
        (FOLDER, True),
        (FOLDER + b"/names/x", True),
        (b"restored/" + FOLDER + b"/absolute", True),
        (FOLDER + b"-2", False),
        (b"avatars/x", False),
    ],
)
def test_what_is_planted_is_known_by_its_path(path: bytes, *, known: bool) -> None:
    assert is_planted(path) is known


def tree(owner: int, *, picture: int = 1000) -> Manifest:
    """Return the manifest of planted entries beside a picture; one of the entries belongs to `owner`."""
    owners = {FOLDER: 1000, FOLDER + b"/foreign": owner, b"picture": picture}
    return Manifest({path: Entry(path, "file", 1, "00", 0o600, uid, uid, 0, b"") for path, uid in owners.items()})


def test_a_service_may_take_over_what_is_planted() -> None:
    assert with_owners_taken_over(tree(4242), tree(1000)) == tree(1000)


def shared(mode: int) -> Manifest:
    """Return the manifest of the planted directory that a group may write to."""
    entries = [Entry(path, "directory", 0, "", mode, 1000, 1000, 0, b"") for path in (FOLDER, FOLDER + b"/shared")]
    return Manifest({entry.path: entry for entry in entries})


@pytest.mark.parametrize("unpacked", [0o755, 0o2755, 0o775], ids=oct)
def test_what_the_services_user_unpacks_may_lack_what_a_umask_takes_away(unpacked: int) -> None:
    assert with_owners_taken_over(shared(0o2775), shared(unpacked)) == shared(unpacked)


@pytest.mark.parametrize("unpacked", [0o700, 0o2777, 0o2575], ids=oct)
def test_any_other_mode_of_what_was_unpacked_is_judged(unpacked: int) -> None:
    assert with_owners_taken_over(shared(0o2775), shared(unpacked)) == shared(0o2775)


@pytest.mark.parametrize("after", [tree(0), tree(4242, picture=0), Manifest({})])
def test_any_other_change_of_owner_is_judged(after: Manifest) -> None:
    assert with_owners_taken_over(tree(4242), after) == tree(4242)


def test_the_owner_of_a_picture_is_always_judged() -> None:
    assert with_owners_taken_over(tree(4242, picture=5), tree(4242)) == tree(4242, picture=5)


def with_mode(mode: int, owner: int = 1000) -> Manifest:
    """Return the manifest of planted entries, of which `foreign` has the owner and the mode."""
    made = tree(owner)
    foreign = replace(made.entries[FOLDER + b"/foreign"], mode=mode)
    return Manifest({**made.entries, foreign.path: foreign})


@pytest.mark.parametrize("after", [0o755, 0o2755, 0o775])
def test_what_the_services_user_unpacks_lacks_what_tar_leaves_out_for_it(after: int) -> None:
    assert with_owners_taken_over(with_mode(0o2775), with_mode(after)) == with_mode(after)


@pytest.mark.parametrize(("after", "owner"), [(0o2777, 1000), (0o2555, 1000), (0o755, 0)])
def test_any_other_change_of_mode_is_judged(after: int, owner: int) -> None:
    found = with_owners_taken_over(with_mode(0o2775), with_mode(after, owner))

    assert found.entries[FOLDER + b"/foreign"].mode == 0o2775
