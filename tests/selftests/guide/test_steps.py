"""A step knows what it touches and which file it makes or reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.guide.steps import Step


def step(script: str, kind: str = "archive") -> Step:
    return Step(Path("guide.md"), 1, script, "backup", kind=kind)


@pytest.mark.parametrize(
    ("script", "touches"),
    [
        ("docker run -v media:/m -v .:/b alpine tar czf /b/m.tgz /m", True),
        ("docker run -v pictures:/m -v .:/b alpine tar czf /b/m.tgz /m", False),
        ("docker run -v $VOLUME:/m -v .:/b alpine tar czf /b/m.tgz /m", None),
        ("docker create --name copy -v media:/m alpine\ndocker cp copy:/m ./m", True),
        ("docker cp web:/m ./m", True),
        ("docker cp mail:/m ./m", False),
        ("docker cp 2a83b293548e:/m ./m", None),
        ("tar czf m.tgz /var/lib/docker/volumes/media/_data", True),
    ],
)
def test_what_a_step_works_on_is_known(script: str, *, touches: bool | None) -> None:
    assert step(script).touches({"media", "web"}) is touches


def test_the_file_of_a_folder_that_is_packed_is_the_archive() -> None:
    script = "docker cp web:/m ./m\ntar czf m.tgz m"

    assert (step(script).archive, step(script, kind="folder").archive) == ("m.tgz", "./m")
