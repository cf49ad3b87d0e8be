"""What is found of a file on a mounted disk. The guarantee of a power cut mounts real ones."""

import hashlib
import os
from pathlib import Path

import pytest

from media_guarantees.events.crash_states.drive import found, mount, unmount

WHOLE = b"a whole picture"


def test_a_file_is_found_with_its_size_and_its_sum(tmp_path: Path) -> None:
    (tmp_path / "avatars").mkdir()
    (tmp_path / "avatars/ação.png").write_bytes(WHOLE)

    assert found(tmp_path, "avatars/ação.png") == [len(WHOLE), hashlib.sha256(WHOLE).hexdigest()]


@pytest.mark.parametrize("name", ["missing.png", "avatars/missing.png", "file/below", "no\0name", "\ud800"])
def test_a_file_that_is_not_there_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()

    assert found(tmp_path, name) is None


def test_no_path_leads_out_of_the_disk_at_its_begin(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(WHOLE)
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "link").symlink_to(outside)

    assert found(disk, str(outside)) is None
    assert found(disk, "link") == os.strerror(40), "a link is not followed"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()

    assert found(tmp_path, "pipe") == found(tmp_path, "folder") == "it is no file"


def test_a_mount_that_fails_says_what_and_why(tmp_path: Path) -> None:
    device = str(tmp_path / "no device")

    with pytest.raises(OSError, match="no device"):
        mount(device, tmp_path)
    with pytest.raises(OSError, match=str(tmp_path)):
        unmount(tmp_path)
