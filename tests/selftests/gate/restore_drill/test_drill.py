"""A restore drill does not count what people changed while it ran as lost, and leaves nothing on the server."""

import logging
import os
import re
import subprocess
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_programs import Programs

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.engine.connection import Engine
from media_guarantees.gate.restore_drill import drill as drill_module
from media_guarantees.gate.restore_drill.drill import (
    BackupTaken,
    Drill,
    changed_between,
    expect_named,
    people_were_uploading,
    read_step,
    room_for_drill,
)
from media_guarantees.gate.volume_scan import Helper, VolumeScan, scan_volume
from media_guarantees.guide.reader import read_guide
from media_guarantees.guide.steps import Step
from media_guarantees.media.diff import NothingCompared
from media_guarantees.media.stable_scan import IncompleteListing
from media_guarantees.system.commands import CommandFailed, Outcome
from media_guarantees.system.run_id import Run

FILE = b"ab f 3 644 0 0 1.5 2.5 1 1:2 "
OTHER = b"cd f 3 644 0 0 1.5 9.5 1 1:2 "
ROOT = b"- d 0 755 0 0 0 0 1 0:0 "
RUN = Run("0badcafe-1-1")


def drilled(
    live: VolumeScan, *, changed: frozenset[bytes] = frozenset(), names: tuple[str, ...] = ("a.tar.gz",)
) -> BackupTaken:
    return BackupTaken(date(2026, 1, 31), names, live.manifest(without=changed), changed, "scratch")


def test_what_came_back_whole_is_no_difference() -> None:
    live = VolumeScan({b".": ROOT, b"a": FILE})
    copy = VolumeScan({b".": ROOT.replace(b" 0 0 1 ", b" 9 9 1 "), b"a": FILE.replace(b"1.5", b"1.0")})

    assert drilled(live).differences(copy.manifest()) == (), "tar holds whole seconds; a directory's time is no matter"


def test_what_was_lost_is_a_difference() -> None:
    changes = drilled(VolumeScan({b"a": FILE, b"b": FILE})).differences(VolumeScan({b"a": OTHER}).manifest())

    assert [(change.path, change.aspect) for change in changes] == [(b"a", "content"), (b"b", "missing")]


def test_what_people_changed_during_the_backup_is_no_loss() -> None:
    live = VolumeScan({b"a": FILE, b"b": FILE})

    changes = drilled(live, changed=frozenset({b"b", b"new"})).differences(
        VolumeScan({b"a": FILE, b"b": OTHER, b"new": FILE}).manifest()
    )

    assert changes == ()


def test_where_everything_changed_during_the_backup_nothing_was_compared() -> None:
    with pytest.raises(NothingCompared):
        drilled(VolumeScan({b"a": FILE}), changed=frozenset({b"a"})).differences(VolumeScan({b"a": FILE}).manifest())


def test_what_changed_is_what_is_not_the_same_and_still_in_both() -> None:
    before = VolumeScan({b"same": FILE, b"changed": FILE, b"gone": FILE, b"busy": FILE})
    after = VolumeScan({b"same": FILE, b"changed": OTHER, b"new": FILE, b"busy": FILE}, {b"busy"})

    assert changed_between(before, after) == {b"changed", b"gone", b"new", b"busy"}


@pytest.mark.parametrize("names", [(), ("a.tar.gz", "b.tar.gz")])
def test_one_archive_is_a_backup(names: tuple[str, ...]) -> None:
    with pytest.raises(PromiseBroken, match=f"left {len(names)} archives"):
        assert drilled(VolumeScan({b"a": FILE}), names=names).name


@pytest.mark.parametrize(
    ("status", "said", "changed"),
    [
        (1, "tar: ./avatars: file changed as we read it\ntar: ./a: File removed before we read it", True),
        (1, "WARNING: of the engine\ntar: ./avatars: file changed as we read it", True),
        (2, "tar: ./avatars: file changed as we read it\ntar: Exiting with failure status", False),
        (1, "tar: ./a: Cannot open: Permission denied\ntar: ./avatars: file changed as we read it", False),
        (1, "something else", False),
        (0, "", False),
    ],
)
def test_only_changes_during_the_backup_are_no_failure(status: int, said: str, changed: bool) -> None:
    assert people_were_uploading(Outcome((), status, b"", said.encode(), 0.0)) is changed


class FakeGate:
    """A gate before a service whose media are in `media_volume`."""

    folder = ""

    def __init__(self, engine: Engine) -> None:
        def helper(_: str) -> Helper:
            return lambda args: ["docker", "run", *args]

        def scan(volume: str, _: str) -> VolumeScan:
            return scan_volume(helper(volume), engine.environment)

        self.live = SimpleNamespace(engine=engine, volume_helper=helper, scan=scan)

    def expect_one_volume(self) -> Any:
        """Return it."""
        return SimpleNamespace(name="media_volume")


@pytest.fixture(name="programs")
def _programs(programs: Programs) -> Programs:
    programs.add("docker", '[ "$1" != ps ] || echo left-over')
    return programs


def drill_with(guide: str, tmp_path: Path) -> Drill:
    file = tmp_path / "guide.md"
    file.write_text(f"```\n{guide}\n```\n")
    engine = Engine("live", dict(os.environ), (), "1", "")
    return Drill(cast("Any", FakeGate(engine)), read_guide(file), RUN, tmp_path)


def test_a_guide_of_another_volume_is_broken_and_not_typed(programs: Programs, tmp_path: Path) -> None:
    drill = drill_with("docker run --rm -v other:/s -v $(pwd)/backups:/b ubuntu tar -czf /b/a.tar.gz -C /s .", tmp_path)

    with pytest.raises(PromiseBroken, match=r"the media are in media_volume, but line 2 of guide.md names other"):
        drill.back_up()
    assert programs.calls("docker") == [], "typed, it would make that volume"


def test_a_guide_without_a_backup_promises_none(programs: Programs, tmp_path: Path) -> None:
    """As in `make verify`: what a guide does not describe is unproven, not broken."""
    del programs
    with pytest.raises(Unproven, match=r"the guide does not describe it: .*no backup command"):
        drill_with("ls", tmp_path).back_up()


def test_of_several_backups_in_a_guide_the_one_of_the_media_is_taken(tmp_path: Path) -> None:
    backup = "docker run --rm -v {volume}:/s -v $(pwd)/backups:/b ubuntu tar -czf /b/{volume}.tar.gz -C /s ."
    file = tmp_path / "guide.md"
    file.write_text("".join(f"```\n{backup.format(volume=name)}\n```\n" for name in ("db_data", "media_volume")))

    step = read_step(read_guide(file), "backup", "media_volume")

    assert step.line == 5, f"the backup of the media is in line 5, and {step.script} was taken"


def test_a_command_that_names_no_volume_can_not_be_judged() -> None:
    step = Step(Path("guide.md"), 2, "docker run --rm -v $(pwd)/backups:/b ubuntu ls", "backup")

    with pytest.raises(Unproven, match=r"backup command, line 2 of guide.md, names no volume"):
        expect_named(step, "media_volume")


RESTORE = "docker run --rm -v media_volume:/d -v $(pwd)/backups:/b ubuntu tar -xzf /b/{name} -C /d"


@pytest.mark.parametrize(
    ("name", "printed", "typed"),
    [
        ("media_backup_20260131.tar.gz", "[FILE].tar.gz", "media_backup_20260131.tar.gz"),
        ("fotos-2026-01-31.tgz", "[FILE].tgz", "fotos-2026-01-31.tgz"),
        ("fotos-31.01.2026.tgz", "[FILE]", "fotos-31.01.2026.tgz"),
        ("daily/fotos.tar.gz", "[FILE].tar.gz", "fotos.tar.gz"),
    ],
)
def test_an_archive_of_any_name_is_restored_as_a_person_would(
    programs: Programs, tmp_path: Path, name: str, printed: str, typed: str
) -> None:
    programs.add("docker", 'case "$*" in *scan*) echo "no scan" >&2; exit 9;; esac')
    drill = drill_with(RESTORE.format(name=printed), tmp_path)

    with pytest.raises(IncompleteListing, match="no scan"):
        drill.restore(name)

    assert f"ubuntu tar -xzf /b/{typed} -C /d" in programs.calls("docker")[1]


def test_what_a_guide_leaves_beside_its_archive_is_no_archive(programs: Programs, tmp_path: Path) -> None:
    programs.add("docker", r"printf 'a.tgz\0a.tgz.sha256\0log.txt\0'")

    assert drill_with("ls", tmp_path)._archives() == ("a.tgz",)


def test_the_drills_volumes_are_labelled_and_go_with_what_is_on_them(programs: Programs, tmp_path: Path) -> None:
    with room_for_drill(drill_with("ls", tmp_path)) as drill:
        made = programs.calls("docker")

    names = [drill.backups, drill.restored]
    labels = "--label=media-verify=run --label=media-verify.run=0badcafe-1-1 --label=media-verify.expires="
    assert [re.sub(r"(expires=)\d+", r"\1", call) for call in made] == [
        f"volume create {labels} {name}" for name in names
    ]
    assert programs.calls("docker")[2:] == [
        call
        for name in names
        for call in (
            f"ps --all --quiet --filter volume={name}",
            "rm --force left-over",
            f"volume rm --force {name}",
        )
    ]


def archive_in(tmp_path: Path) -> Path:
    """Make a small backup."""
    (tmp_path / "a.jpg").write_bytes(b"x" * 100)
    subprocess.run(["tar", "-czf", "backup.tar.gz", "./a.jpg"], cwd=tmp_path, check=True)
    return tmp_path / "backup.tar.gz"


def test_a_connection_that_is_lost_while_an_archive_is_read_says_nothing_of_the_backup(
    programs: Programs, tmp_path: Path
) -> None:
    archive = archive_in(tmp_path)
    programs.add("docker", f"head -c 30 {archive}; echo 'connection reset by peer' >&2; exit 255")

    with pytest.raises(CommandFailed, match="status 255: connection reset by peer"):
        drill_with("ls", tmp_path).read("backup.tar.gz")


def test_a_server_that_sends_no_more_says_nothing_of_the_backup(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drill_module, "SECONDS", 0.1)
    programs.add("docker", f"head -c 30 {archive_in(tmp_path)}; exec sleep 600")

    with pytest.raises(subprocess.TimeoutExpired):
        drill_with("ls", tmp_path).read("backup.tar.gz")


def test_an_archive_that_is_damaged_on_the_server_is_a_broken_promise(programs: Programs, tmp_path: Path) -> None:
    programs.add("docker", f"head -c 30 {archive_in(tmp_path)}")

    with pytest.raises(PromiseBroken, match=r"backup.tar.gz can't be read: .*\n.*take the backup again"):
        drill_with("ls", tmp_path).read("backup.tar.gz")


def test_reading_an_archive_is_journalled(programs: Programs, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, journal.EVENTS.name)
    programs.add("docker", f"cat {archive_in(tmp_path)}")

    assert [path for path in drill_with("ls", tmp_path).read("backup.tar.gz").entries if path != b"."] == [b"a.jpg"]

    assert "command docker run cat -- backup.tar.gz: 0, " in caplog.messages[-1]
