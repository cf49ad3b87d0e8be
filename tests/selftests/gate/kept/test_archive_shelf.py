"""Archives are found and read on this machine or on the server; a folder that isn't there is refused, never made."""

import os
import re
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest
from live_server import LiveServer

from media_guarantees.core.errors import BadInput
from media_guarantees.gate.kept.archive_choice import KeptArchive
from media_guarantees.gate.kept.archive_shelf import (
    LocalShelf,
    ServerShelf,
    Shelf,
    expect_local,
    find_local,
    find_on_server,
    read_system_time,
)

NAME = "media_backup_20260131.tar.gz"
AWKWARD = 'back, "ups"'


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """A folder of archives, whose name Docker would read as two options."""
    folder = tmp_path / AWKWARD
    folder.mkdir()
    (folder / NAME).write_bytes(b"archive")
    os.utime(folder / NAME, (1000, 2000))
    (folder / "latest.tar.gz").symlink_to(NAME)
    (folder / "older").mkdir()
    return folder


@pytest.fixture(name="shelf", params=["here", "on the server"])
def _shelf(request: pytest.FixtureRequest, folder: Path, live_server: LiveServer) -> Shelf:
    if request.param == "here":
        return LocalShelf(folder)
    return ServerShelf(PurePosixPath(folder), live_server.live)


def test_the_regular_files_of_a_folder_are_listed(shelf: Shelf) -> None:
    assert shelf.listed() == [KeptArchive(NAME, 7, 2000.0)]


def test_an_archive_is_read_as_it_is(shelf: Shelf) -> None:
    with shelf.opened(NAME) as archive:
        assert archive.read() == b"archive"


@pytest.mark.parametrize("folder_there", ["", "daily/media"])
def test_an_archive_is_copied_into_a_scratch_volume(shelf: Shelf, live_server: LiveServer, folder_there: str) -> None:
    (live_server.volumes / "scratch").mkdir()

    shelf.copy_into("scratch", folder_there, NAME, live_server.live)

    assert (live_server.volumes / "scratch" / folder_there / NAME).read_bytes() == b"archive"


def test_a_folder_of_the_server_is_only_mounted_for_reading(folder: Path, live_server: LiveServer) -> None:
    shelf = ServerShelf(PurePosixPath(folder), live_server.live)
    (live_server.volumes / "scratch").mkdir()

    shelf.listed()
    with shelf.opened(NAME) as archive:
        archive.read()
    shelf.copy_into("scratch", "", NAME, live_server.live)

    mounts = [
        found for call in live_server.calls() for found in re.findall(r"--mount=type=bind,\S.*?,target=\S+", call)
    ]
    assert len(mounts) == 3
    assert [mount for mount in mounts if not mount.endswith(",target=/kept,readonly")] == []


def test_a_folder_that_the_server_does_not_have_is_refused(live_server: LiveServer, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"the server has no folder .*/gone that can be read: .*does not exist"):
        ServerShelf(PurePosixPath(tmp_path / "gone"), live_server.live).listed()

    assert not (tmp_path / "gone").exists()


def test_a_server_has_its_own_clock_and_time_zone(live_server: LiveServer) -> None:
    clock = ServerShelf(PurePosixPath("/backups"), live_server.live).clock()

    assert (clock.now, clock.zone.utcoffset(None)) == (1795608000.0, timedelta(hours=1))


@pytest.mark.parametrize(
    "text", ["2026-11-25T12:00:00Z", "2026-11-25T12:00:00.1Z", "2026-11-25T13:00:00.123456789+01:00"]
)
def test_an_engines_time_is_read_to_the_second(text: str) -> None:
    assert read_system_time(text).timestamp() == 1795608000.0


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'' is no time of an engine"):
        read_system_time("")


def test_a_place_here_is_a_folder_or_an_archive_in_one(folder: Path) -> None:
    assert find_local(folder) == (LocalShelf(folder), "")
    assert find_local(folder / NAME) == (LocalShelf(folder), NAME)
    assert find_local(folder / "latest.tar.gz") == (LocalShelf(folder), NAME), "a link leads to what it names"


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("gone", r"/gone isn't there\n  hint: name an archive, or the folder"),
        ("notes.txt", r"/notes.txt is not named like a tar archive"),
        ("pipe", r"/pipe is no regular file"),
        ("empty", r"there is no archive in .*/empty"),
    ],
)
def test_a_place_here_without_an_archive_is_refused(tmp_path: Path, place: str, problem: str) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(BadInput, match=problem):
        expect_local(tmp_path / place)


@pytest.mark.parametrize(
    ("place", "folder", "name"),
    [("/srv/backups", "/srv/backups", ""), (f"/srv/backups/{NAME}", "/srv/backups", NAME), ("/a.tgz", "/", "a.tgz")],
)
def test_a_place_on_the_server_is_told_by_its_name(live_server: LiveServer, place: str, folder: str, name: str) -> None:
    assert find_on_server(place, live_server.live) == (ServerShelf(PurePosixPath(folder), live_server.live), name)


@pytest.mark.parametrize("place", ["backups", f"backups/{NAME}", "/srv/../etc"])
def test_a_place_on_the_server_is_an_absolute_path(live_server: LiveServer, place: str) -> None:
    with pytest.raises(BadInput, match=r"is no absolute path, and the archive is on the server that SERVER names"):
        find_on_server(place, live_server.live)
