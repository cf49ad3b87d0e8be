"""A directory of the host is a home of media as a volume is, unless the guide promises a volume."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.deployment.compose.media_mount import Mount, require_volume
from media_guarantees.deployment.stack import Stack
from media_guarantees.events.home.media_home import expect_home, promised_volumes
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.guide.steps import Step

DIRECTORY = Mount("bind", "/srv/app/data/uploads", "/data/uploads", read_only=False)
VOLUME = Mount("volume", "uploads", "/data/uploads", read_only=False)
TAR = "tar -czf u.tgz -C data/uploads ."
RUN = "docker run --rm -v {}:/data -v $(pwd)/backups:/out ubuntu tar -czf /out/u.tgz -C /data ."


class Backing:
    """What keeps the media, by the mount that a test gives."""

    def __init__(self, mount: Mount) -> None:
        self._mount = mount

    def mount(self) -> Mount:
        """Return the mount."""
        return self._mount

    @property
    def volume(self) -> str:
        """The volume's name; raises `PromiseBroken` where it is none."""
        return require_volume(self._mount, "/data/uploads", "web")


def stack_of(mount: Mount) -> Stack:
    deployment = SimpleNamespace(folder=Path("/srv/app"))
    found = SimpleNamespace(backing=Backing(mount), declared_mount=lambda: mount, deployment=deployment)
    return cast("Stack", found)


def typing(script: str) -> Operator:
    """An operator whose guide prints `script` for a backup, and no restore."""

    def step(procedure: str) -> Step:
        if procedure != "backup" or not script:
            raise Unproven("the guide does not describe it")
        return Step(Path("guide.md"), 1, script, procedure)

    return cast("Operator", SimpleNamespace(step=step))


@pytest.mark.parametrize(
    "script",
    [
        TAR,
        "",
        RUN.format("./data/uploads"),
        RUN.format("$(pwd)/data/uploads/"),
        RUN.format("/srv/app/data/uploads"),
        "docker run --rm -v ./data/uploads:/data:ro -v backups:/out ubuntu tar -czf /out/u.tgz -C /data .",
    ],
    ids=["on the host", "no backup", "relative", "where one stands", "absolute", "into a volume"],
)
def test_a_directory_is_a_home_where_the_guide_promises_no_volume(script: str) -> None:
    assert expect_home(stack_of(DIRECTORY), typing(script)) == "/srv/app/data/uploads"


def test_a_directory_is_none_where_the_guide_names_a_volume() -> None:
    with pytest.raises(PromiseBroken, match="is backed by a bind, not by a named volume"):
        expect_home(stack_of(DIRECTORY), typing(RUN.format("uploads")))


@pytest.mark.parametrize("script", [TAR, RUN.format("uploads")])
def test_a_volume_is_one_whatever_the_guide_says(script: str) -> None:
    assert expect_home(stack_of(VOLUME), typing(script)) == "uploads"


def test_memory_is_none_whatever_the_guide_says() -> None:
    memory = Mount("tmpfs", "", "/data/uploads", read_only=False)

    with pytest.raises(PromiseBroken, match="is backed by a tmpfs"):
        expect_home(stack_of(memory), typing(TAR))


def test_the_volumes_that_a_guide_promises_are_those_of_its_backup_and_its_restore() -> None:
    steps: Any = {
        "backup": Step(Path("guide.md"), 1, RUN.format("uploads"), "backup"),
        "restore": Step(Path("guide.md"), 2, RUN.format("others"), "restore"),
    }
    operator = cast("Operator", SimpleNamespace(step=steps.__getitem__))

    assert promised_volumes(stack_of(VOLUME), operator) == ["uploads", "others"]
