"""The media survive a deploy and a disaster, tested with this suite's own fixtures."""

from __future__ import annotations

import pytest

from media_guarantees.deployment.stack import Stack
from media_guarantees.events.before_after import expect_same, seed_media
from media_guarantees.events.copies.made_copy import archive_made_by
from media_guarantees.events.faults import recreate
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.guide.guide_runner import Operator

WIPE = "find . -mindepth 1 -delete"


@pytest.mark.guarantee("restore.disaster")
def test_media_survive_a_deploy_and_a_disaster(stack: Stack, seeded_media: SeededMedia, operator: Operator) -> None:
    uploads, before = seed_media(stack, seeded_media)
    assert len(uploads) == 12

    container = stack.container().id
    recreate(stack)
    stack.health.wait_until_ready()
    assert stack.container().id != container
    expect_same(before, stack.media.manifest(), event="recreating the container")

    archive = archive_made_by(operator, lambda: operator.run_checked("backup"))

    stack.media.shell(WIPE)
    assert not stack.media.manifest().files

    operator.run_checked("restore", archive=archive.name.removesuffix(".tar.gz"))
    expect_same(before, stack.media.manifest(), event="the restore", mtime="seconds")
