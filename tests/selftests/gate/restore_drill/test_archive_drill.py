"""An archive that is there is picked, read, compared and restored by the guide's command; the server is only read."""

import os
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from live_server import RUN, LiveServer

from media_guarantees.core.errors import BadInput, PromiseBroken, Unproven
from media_guarantees.gate.gate_settings import GateSettings
from media_guarantees.gate.kept.archive_comparison import IDENTICAL, LOST, NEW_SINCE
from media_guarantees.gate.kept.archive_request import ArchiveRequest
from media_guarantees.gate.kept.archive_shelf import LocalShelf, ServerShelf
from media_guarantees.gate.restore_drill.archive_drill import (
    born,
    compare_with_live,
    examine_archive,
    expect_room,
    pick,
    restore_archive,
    restored_otherwise,
)
from media_guarantees.gate.restore_drill.drill import Drill, room_for_drill
from media_guarantees.guide.reader import Guide, read_guide

BACKUP = (
    "docker run --rm -v media_volume:/source-here -v $(pwd)/backups:/archives-here ubuntu "
    "tar -czf /archives-here/media_backup_$(date +%Y%m%d).tar.gz -C /source-here ."
)
RESTORE = (
    "docker run --rm -v media_volume:/target-here -v $(pwd)/backups:/archives-here ubuntu "
    "tar -xzf /archives-here/[FILE].tar.gz -C /target-here"
)
OLD = time.time() - 40 * 86400


@dataclass(frozen=True)
class Place:
    """A gate before a server with three pictures, a guide, and a folder with yesterday's backup of them."""

    gate: Any
    guide: Guide
    folder: Path
    volume: Path
    server: LiveServer

    @property
    def drill(self) -> Drill:
        """A drill on that server."""
        return Drill(self.gate, self.guide, RUN, self.folder)

    def request(self, place: str = "backups", **others: Any) -> ArchiveRequest:
        """Ask for an archive."""
        return ArchiveRequest(place, **others)

    def archive(self, name: str, *, at: float) -> Path:
        """Back the volume up into a file that was written then."""
        file = self.folder / "backups" / name
        subprocess.run(["tar", "-czf", str(file), "-C", str(self.volume), "."], check=True)
        os.utime(file, (at, at))
        return file


@pytest.fixture(name="place")
def _place(live_server: LiveServer, tmp_path: Path) -> Place:
    guide, volume = tmp_path / "guide.md", live_server.volumes / "media_volume"
    guide.write_text(f"```\n{BACKUP}\n```\n\n```\n{RESTORE}\n```\n")
    (tmp_path / "backups").mkdir()
    (volume / "avatars").mkdir()
    for name in "abc":
        (volume / "avatars" / name).write_text(name * 9)
        os.utime(volume / "avatars" / name, (OLD, OLD))
    os.utime(volume / "avatars", (OLD, OLD))
    gate = SimpleNamespace(
        live=live_server.live,
        folder="",
        settings=GateSettings(state=tmp_path / "state"),
        expect_one_volume=lambda: SimpleNamespace(name="media_volume"),
        fresh_scan=lambda choose=None: live_server.live.scan("media_volume", "", choose),
    )
    place = Place(gate, read_guide(guide), tmp_path, volume, live_server)
    place.archive("media_backup_20260131.tar.gz", at=OLD + 86400)
    return place


def test_the_newest_backup_of_a_folder_is_restored_as_the_guide_says(place: Place) -> None:
    picked = pick(place.gate, place.guide, place.request(), place.folder)
    live = place.gate.fresh_scan()

    with room_for_drill(place.drill) as drill:
        examined = examine_archive(picked, live.manifest())
        compared = compare_with_live(place.gate, picked, examined, live)
        restored = restore_archive(drill, picked, examined)
        expect_room(drill, picked)

    assert compared is not None
    assert compared.counts == {IDENTICAL: 3}
    assert restored_otherwise(examined, restored) == ()
    assert restored.entries.keys() == {b".", b"avatars", b"avatars/a", b"avatars/b", b"avatars/c"}
    assert [path.name for path in place.server.volumes.iterdir()] == ["media_volume"], "the scratch volumes are gone"
    live_mounts = [call for call in place.server.calls() if "media_volume:" in call]
    assert live_mounts
    assert [call for call in live_mounts if "media_volume:/volume:ro,nocopy" not in call] == []


def test_what_was_left_out_is_found_and_what_came_since_is_not_taken_for_it(place: Place) -> None:
    (place.volume / "avatars/b").unlink()
    os.utime(place.volume / "avatars", (OLD + 5, OLD + 5))
    file = place.archive("media_backup_20260131.tar.gz", at=time.time() + 1)
    (place.volume / "avatars/since").write_text("since")
    picked = pick(place.gate, place.guide, place.request(str(file)), place.folder)
    live = place.gate.fresh_scan()
    live.entries[b"avatars/lost"] = b"0" * 64 + b" f 9 644 0 0 10.0 10.0 1 1:2 "

    examined = examine_archive(picked, live.manifest())
    compared = compare_with_live(place.gate, picked, examined, live)

    assert compared is not None
    assert compared.found[LOST] == [b"avatars/lost"]
    assert compared.found[NEW_SINCE] == [b"avatars/since"]


def test_when_an_inode_was_made_is_asked_of_the_volume(place: Place) -> None:
    odd = place.volume / "avatars" / os.fsdecode(b"new\nline \xff")
    odd.write_text("x")
    began = time.time()

    made = born(place.gate, [b"avatars/a", b"avatars/new\nline \xff", b"avatars/gone"])

    assert made.keys() == {b"avatars/a", b"avatars/new\nline \xff"}
    assert all(each == 0 or began - 600 < each <= began for each in made.values()), "0 on a file system without it"


def test_a_damaged_archive_is_neither_compared_nor_restored(place: Place) -> None:
    file = place.folder / "backups/media_backup_20260131.tar.gz"
    file.write_bytes(file.read_bytes()[:-20])
    picked = pick(place.gate, place.guide, place.request(), place.folder)
    live = place.gate.fresh_scan()

    with room_for_drill(place.drill) as drill:
        examined = examine_archive(picked, live.manifest())
        before = len(place.server.calls())

        assert compare_with_live(place.gate, picked, examined, live) is None
        with pytest.raises(Unproven, match=r"was not restored: the archive check refuses it"):
            restore_archive(drill, picked, examined)
        assert len(place.server.calls()) == before


def test_a_restore_that_changes_something_is_seen(place: Place) -> None:
    picked = pick(place.gate, place.guide, place.request(), place.folder)
    live = place.gate.fresh_scan()
    examined = examine_archive(picked, live.manifest())
    restored = live.manifest()
    a = restored.entries[b"avatars/a"]

    changes = restored_otherwise(
        examined, type(restored)({**restored.entries, b"avatars/a": replace(a, uid=a.uid + 1)}, restored.links)
    )

    assert [(change.path, change.aspect) for change in changes] == [(b"avatars/a", "owner")]


def test_a_disk_without_room_is_refused_before_anything_is_copied(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    picked = pick(place.gate, place.guide, place.request(), place.folder)
    monkeypatch.setattr("media_guarantees.gate.restore_drill.archive_drill._BLOCK", 10**18)

    with room_for_drill(place.drill) as drill, pytest.raises(BadInput, match=r"no room for the drill: it takes .* PB"):
        expect_room(drill, picked)


def test_without_one_volume_the_room_is_not_asked_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    picked = pick(place.gate, place.guide, place.request(), place.folder)

    def scan(_: object) -> None:
        raise PromiseBroken("two volumes")

    monkeypatch.setattr(place.gate, "fresh_scan", scan)
    expect_room(place.drill, picked)


def test_an_archive_is_sought_where_the_operator_stands_or_on_the_server(place: Place) -> None:
    here = pick(place.gate, place.guide, place.request(), place.folder)
    place.gate.settings = replace(place.gate.settings, host="web-1")
    there = pick(place.gate, place.guide, place.request(str(place.folder / "backups")), Path("/nowhere"))

    assert isinstance(here.shelf, LocalShelf)
    assert isinstance(there.shelf, ServerShelf)
    assert here.choice == there.choice


def test_only_what_the_guide_calls_a_backup_is_one(place: Place) -> None:
    place.archive("db_backup_20260201.tar.gz", at=time.time())

    assert pick(place.gate, place.guide, place.request(), place.folder).choice.drawn.name.startswith("media")


def test_where_the_guide_describes_no_backup_every_archive_is_one(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "other.md"
    other.write_text("# Nothing\n")
    place.archive("anything.tar.gz", at=time.time())

    picked = pick(place.gate, read_guide(other), place.request(), place.folder)

    assert picked.choice.drawn.name == "anything.tar.gz"


def test_what_can_not_be_judged_is_unproven(place: Place) -> None:
    file = place.folder / "backups/media_backup_20260131.tar.gz"
    file.write_bytes(b"age-encryption.org/v1\n" + bytes(100))
    picked = pick(place.gate, place.guide, place.request(), place.folder)

    with pytest.raises(Unproven, match=r"can't be judged"):
        examine_archive(picked, place.gate.fresh_scan().manifest())
