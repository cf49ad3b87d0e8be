"""What takes a copy to another place is known by its program and by the names that both have."""

from __future__ import annotations

import pytest

from media_guarantees.guide.parsing.docker_commands import Call, unwrapped
from media_guarantees.guide.parsing.other_places import carries_elsewhere
from media_guarantees.guide.parsing.shell_words import read_commands


def call(script: str) -> Call:
    return unwrapped(next(read_commands(script)).calls[0])


COPY = call("docker run --rm -v media:/m -v $(pwd)/backups:/b alpine tar czf /b/pictures.tgz /m")


@pytest.mark.parametrize(
    ("script", "carries"),
    [
        ("rsync -a backups/ nas:/backups/", True),
        ("rsync -a backups/ /mnt/usb/", False),
        ("rclone copy ./backups offsite:site", True),
        ("rclone copy ./originals offsite:site", False),
        ("scp backups/pictures.tgz nas:", True),
        ("scp pictures.tgz nas:", True),
        ("restic -r /mnt/repository backup /opt/site/backups", True),
        ("restic -r /mnt/repository backup /opt/site/uploads", False),
        ("aws s3 cp backups/pictures.tgz s3://bucket/", True),
        ("ssh nas df", True),
        ("ls backups", False),
        ("cp backups/pictures.tgz /mnt/usb/", False),
    ],
)
def test_what_carries_a_copy_is_known(script: str, *, carries: bool) -> None:
    assert carries_elsewhere(call(script), [COPY]) is carries
