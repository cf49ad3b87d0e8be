"""A backup during uploads may end as its program does where files changed, and no other way."""

from pathlib import Path

import pytest

from media_guarantees.events.copies.change_status import statuses_of_change
from media_guarantees.guide.steps import Step


@pytest.mark.parametrize(
    ("script", "body", "others"),
    [
        ("docker run --rm -v media:/s ubuntu tar -czf /b/media.tar.gz -C /s .", "", set()),
        ("rsync -a media/ backups/media/", "", {24}),
        ("./backup.sh", "cd media\nzip -r ../backups/media.zip .", {18}),
        ("docker compose run --rm restic backup /media", "", {3}),
        ("tar -czf backups/media.zip.tar.gz -C my-rsync .", "", set()),
    ],
)
def test_each_program_has_its_own_word_for_a_file_that_changed(script: str, body: str, others: set[int]) -> None:
    assert statuses_of_change(Step(Path("guide.md"), 1, script, "backup", body)) == {0, 1} | others
