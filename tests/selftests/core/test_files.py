"""A file is written whole or not at all, readable by its owner alone, and links left in its place are not followed."""

import os
import stat
from pathlib import Path

import pytest

from media_guarantees.core.files import atomic_link, atomic_write, replacing


def test_a_file_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    atomic_write(tmp_path / "a", "ação")

    assert (tmp_path / "a").read_text("utf-8") == "ação"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_file_that_others_read_has_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        atomic_write(tmp_path / "a", b"1", mode=0o644)
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


def test_a_reader_sees_the_old_content_until_the_new_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("old")

    with replacing(file) as stream:
        stream.write(b"new")
        stream.flush()
        assert file.read_text() == "old"

    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_what_fails_half_way_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("old")

    def fail() -> None:
        with replacing(file) as stream:
            stream.write(b"new")
            raise ConnectionError("no answer")

    with pytest.raises(ConnectionError, match="no answer"):
        fail()

    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "a").symlink_to(precious)

    atomic_write(tmp_path / "a", "new")

    assert precious.read_text() == "precious"
    assert not (tmp_path / "a").is_symlink()


def test_links_at_names_that_can_be_guessed_are_not_followed(tmp_path: Path) -> None:
    """In a folder that all users can write to, such as /tmp, another user may have created them."""
    precious = tmp_path / "precious"
    precious.write_text("precious")
    folder = tmp_path / "shared"
    folder.mkdir()
    for name in (".a", ".a.new", ".a.body", f".a-{os.getpid()}", f"a.{os.getpid()}", "a.new"):
        (folder / name).symlink_to(precious)

    atomic_write(folder / "a", "new")

    assert precious.read_text() == "precious"
    assert (folder / "a").read_text() == "new"


def test_two_writers_do_not_share_what_they_write(tmp_path: Path) -> None:
    with replacing(tmp_path / "a") as first, replacing(tmp_path / "a") as second:
        first.write(b"first")
        second.write(b"second")

    assert (tmp_path / "a").read_bytes() == b"first", "the outer block ends last"


def test_a_name_as_long_as_a_file_system_allows_can_be_written(tmp_path: Path) -> None:
    atomic_write(tmp_path / ("a" * 255), "x")

    assert (tmp_path / ("a" * 255)).read_text() == "x"


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(FileExistsError, match="is no regular file"):
        atomic_write(tmp_path / "pipe", "x")

    assert (tmp_path / "pipe").is_fifo()


def test_a_link_points_elsewhere_in_one_step(tmp_path: Path) -> None:
    (tmp_path / ".latest-old").symlink_to("nowhere")
    atomic_link(tmp_path / "latest", "old")

    atomic_link(tmp_path / "latest", "new")

    assert (tmp_path / "latest").readlink() == Path("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".latest-old", "latest"]


def test_a_link_that_can_not_be_replaced_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()

    with pytest.raises(OSError, match="directory"):
        atomic_link(tmp_path / "latest", "new")

    assert [path.name for path in tmp_path.iterdir()] == ["latest"]
