"""What a container's /proc shows is read as proc(5) describes it."""

import pytest

from media_guarantees.deployment.container_proc import InnerMount, User, covering_inner, read_mountinfo, read_user

MEDIA = "36 35 98:0 /data /srv/media rw,noatime shared:1 - ext4 /dev/sda1 rw"


def test_a_mount_is_read_with_the_octal_escapes_in_its_names() -> None:
    line = r"37 36 0:1 /a\040b /media/c\134d ro,relatime shared:1 master:2 - tmpfs none rw"

    assert read_mountinfo(line, "/media") == (InnerMount("/media/c\\d", "/a b", "tmpfs", writable=False),)


@pytest.mark.parametrize(
    ("point", "is_read"),
    [("/", False), ("/srv", True), ("/srv/media", True), ("/srv/media/a", True), ("/srv/media2", False), ("/s", False)],
)
def test_mounts_above_at_and_below_the_media_root_are_read(point: str, is_read: bool) -> None:
    assert bool(read_mountinfo(MEDIA.replace("/srv/media", point), "/srv/media")) is is_read


def test_the_last_of_the_innermost_mounts_is_what_is_seen() -> None:
    lines = [MEDIA.replace("/srv/media", "/srv"), MEDIA, MEDIA.replace("/data", "/last"), MEDIA.replace("media", "")]

    seen = covering_inner(read_mountinfo("\n".join(lines), "/srv/media"), "/srv/media")

    assert seen is not None
    assert seen.root == "/last"


def test_a_mount_shows_the_media_in_the_folder_that_lies_below_its_root() -> None:
    assert InnerMount("/srv", "/volumes/v/_data", "ext4", writable=True).shows("/srv/media") == "/volumes/v/_data/media"


def test_a_user_is_the_effective_one_with_all_groups() -> None:
    assert read_user("Uid:\t1\t2\t3\t4\nGid:\t1\t2\t3\t4\nGroups:\t7 8\n") == User(2, (2, 7, 8))


def test_where_no_user_is_named_none_is_known() -> None:
    assert read_user("Name:\tsh\n") is None
