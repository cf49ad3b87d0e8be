"""Media are lost with their volume, or out of a directory of the run's own, and out of no other."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_programs import Programs

from media_guarantees.deployment.stack import Stack
from media_guarantees.events.home.lost_media import lose_media
from media_guarantees.system.run_id import Run

# A container is a shell in the directory that is mounted: what it does there is done here.
DOCKER = """
for word; do
    case "$word" in --volume=*) folder="${word#--volume=}"; folder="${folder%:/beside}";; esac
    shift
    [ "$word" = ubuntu ] && break
done
[ -n "$folder" ] || exit 0
cd "$folder" && "$@"
"""

Losing = Callable[..., Stack]


@pytest.fixture(name="losing")
def _losing(programs: Programs, tmp_path: Path) -> Losing:
    """Make a stack whose media are kept by `kept`, in a `folder` of it; a volume has `options`."""
    programs.add("docker", DOCKER)

    def make(kept: str, folder: str = "", **options: str) -> Stack:
        project = SimpleNamespace(
            compose=lambda *args: programs_ran.append(args),
            client=SimpleNamespace(volumes=SimpleNamespace(get=lambda _: SimpleNamespace(attrs={"Options": options}))),
        )
        stack = SimpleNamespace(
            backing=SimpleNamespace(name=kept),
            media=SimpleNamespace(folder=folder),
            project=project,
            folder=tmp_path / "run" / "deployment",
            run=Run("0123abcd-1-2"),
            environment={**os.environ, "PATH": programs.path},
        )
        return cast("Stack", stack)

    programs_ran: list[Any] = []
    return make


@pytest.fixture(name="uploads")
def _uploads(tmp_path: Path) -> Path:
    """A directory of the run's own, with a picture in it."""
    uploads = tmp_path / "run" / "deployment" / "data" / "uploads"
    uploads.mkdir(parents=True)
    uploads.chmod(0o2750)
    (uploads / "a.jpg").touch()
    (uploads.parent / "settings.ini").touch()
    return uploads


@pytest.mark.parametrize("above", [0, 1], ids=["the directory", "below a directory"])
def test_a_directory_is_replaced_by_an_empty_one_of_the_same_owner_and_mode(
    losing: Losing, uploads: Path, above: int
) -> None:
    before = uploads.stat()
    kept, folder = (uploads, "") if not above else (uploads.parent, "uploads")

    assert lose_media(losing(str(kept), folder)) == str(kept)

    after = uploads.stat()
    assert list(uploads.iterdir()) == []
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino, "nothing else shows that it was lost"
    assert sorted(path.name for path in uploads.parent.iterdir()) == ["settings.ini", "uploads"]


def test_a_directory_that_is_not_the_runs_own_is_left_alone(losing: Losing, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "a.jpg").touch()

    with pytest.raises(ValueError, match="theirs is not one of the run's own"):
        lose_media(losing(str(theirs)))

    assert [path.name for path in theirs.iterdir()] == ["a.jpg"]


def test_a_volume_is_removed_by_its_name(losing: Losing, programs: Programs) -> None:
    assert lose_media(losing("media_volume")) == "media_volume"

    assert programs.calls("docker") == ["volume rm media_volume"]


def test_what_a_volume_is_bound_to_is_lost_with_it(losing: Losing, uploads: Path) -> None:
    lose_media(losing("media_volume", type="none", o="bind,rw", device=str(uploads)))

    assert list(uploads.iterdir()) == [], "the engine leaves it there"
