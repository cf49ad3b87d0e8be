"""The root directory of the guide's shell has a place for each mount, and nothing of the machine to write to."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.guide.shell.root_directory import SOCKET, RootDirectory


@pytest.fixture(name="mounts")
def _mounts(tmp_path: Path) -> list[tuple[str, str, str]]:
    """The mounts of a root directory, in threes."""
    (tmp_path / "init").write_text("")
    (tmp_path / "engine.sock").write_text("")
    root = RootDirectory(tmp_path / "root", tmp_path / "init", {"PATH": "/usr/bin"})
    parts = root.lay_out({SOCKET: tmp_path / "engine.sock"})
    return list(zip(parts[::3], parts[1::3], parts[2::3], strict=True))


def test_each_mount_has_a_place(mounts: list[tuple[str, str, str]]) -> None:
    assert [place for _, _, place in mounts if not Path(place).exists()] == []


def test_only_devices_and_what_is_the_runs_own_can_be_written(
    mounts: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    written = [source for how, source, _ in mounts if how == "rw" and not source.startswith("/dev/")]

    assert written == [str(tmp_path / "engine.sock")]


def test_commands_find_a_sudo(mounts: list[tuple[str, str, str]], tmp_path: Path) -> None:
    assert mounts
    assert (tmp_path / "root/run/guide/sudo").stat().st_mode & 0o111
