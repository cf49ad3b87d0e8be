"""A disk is logged where that can be done, else copied; what then can't be shown is said with its reason."""

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from made_disks import engine

from media_guarantees.core.errors import BadInput
from media_guarantees.events.crash_states import cuttable_disk, logged_disk
from media_guarantees.events.crash_states.copied_disk import CopiedDisk
from media_guarantees.events.crash_states.logged_disk import LoggedDisk
from media_guarantees.events.crash_states.power_cut import CuttableDisk
from media_guarantees.events.crash_states.storage_daemon import StorageDaemon

Made = list[tuple[object, ...]]


@pytest.fixture(autouse=True)
def _daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuttable_disk, "find_storage_daemon", lambda _: StorageDaemon("qemu-storage-daemon", {}))


def opened(folder: Path) -> AbstractContextManager[CuttableDisk]:
    rng = random.Random(1)  # noqa: S311 - not for secrets
    return cuttable_disk.cuttable_disk(engine(), folder / "cache", folder, rng=rng, limit=400)


def test_where_it_can_be_logged_it_is(made: Made, tmp_path: Path) -> None:
    with opened(tmp_path) as disk:
        assert isinstance(disk, LoggedDisk)

    assert ("mount", "logged", "noinit_itable", "commit=600") in made
    assert made[-1] == ("end of the log",)


def test_where_the_daemon_is_not_to_be_had_it_is_copied(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(cache: Path) -> StorageDaemon:
        assert cache == tmp_path / "cache"
        raise BadInput("the package archive did not give qemu-utils", "check the network")

    monkeypatch.setattr(cuttable_disk, "find_storage_daemon", find)

    with opened(tmp_path) as disk:
        assert isinstance(disk, CopiedDisk)
        assert disk.scope.endswith("was not tried: the package archive did not give qemu-utils")

    assert [what for what, *_ in made] == ["make", "mount", "unmount"]


def test_where_the_daemon_does_not_run_it_is_copied(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def refused(*_: object) -> Iterator[str]:
        raise BadInput("there is no FUSE", "run elsewhere")
        yield ""

    monkeypatch.setattr(logged_disk, "logged_file", refused)

    with opened(tmp_path) as disk:
        assert isinstance(disk, CopiedDisk)
        assert disk.scope.endswith("there is no FUSE")

    assert ("mount", "copied.img", "commit=600") in made


def test_what_goes_wrong_while_the_disk_is_used_is_no_reason_to_take_another(made: Made, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the guide is unreadable"), opened(tmp_path):
        raise BadInput("the guide is unreadable", "mend it")

    assert [what for what, *_ in made].count("mount") == 1
