"""The media survive a deploy and a disaster, tested with this suite's own fixtures."""

from __future__ import annotations

import pytest

from fixtures.lib.aftermath import entrust, expect_same
from fixtures.lib.backups import made_by
from fixtures.lib.events import recreate
from fixtures.lib.gallery import Gallery
from fixtures.lib.procedures import Operator
from fixtures.lib.stack import Stack

WIPE = "find . -mindepth 1 -delete"


@pytest.mark.guarantee("restore.disaster")
def test_media_survive_a_deploy_and_a_disaster(stack: Stack, gallery: Gallery, operator: Operator) -> None:
    uploads, before = entrust(stack, gallery)
    assert len(uploads) == 12

    container = stack.container().id
    recreate(stack)
    stack.wait_until_ready()
    assert stack.container().id != container
    expect_same(before, stack.media.manifest(), event="recreating the container")

    archive = made_by(operator, lambda: operator.succeed("backup"))

    stack.media.shell(WIPE)
    assert not stack.media.manifest().files

    operator.succeed("restore", archive=archive.name.removesuffix(".tar.gz"))
    expect_same(before, stack.media.manifest(), event="the restore", mtime="seconds")
