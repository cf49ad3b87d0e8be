"""The record made before a deploy is read back as it was written, or refused with a hint."""

from dataclasses import replace
from pathlib import Path

import pytest
from refusals import error_of

from media_guarantees.core.errors import BadInput
from media_guarantees.deployment.compose.media_mount import Mount
from media_guarantees.deployment.container_proc import InnerMount, User
from media_guarantees.gate.baseline import Baseline, read_baseline, write_baseline
from media_guarantees.gate.live_deployment import Replica, Volume
from media_guarantees.gate.volume_scan import VolumeScan

SCAN = VolumeScan(
    {
        b".": b"- d 0 755 0 0 0 0 1 0:0 ",
        b"a \xff\n/b": b"ab f 3 644 0 0 1 2 1 1:2 ",
        b"busy": b"- f 1 644 0 0 1 2 1 1:3 ",
    },
    {b"busy"},
)
REPLICA = Replica(
    "c1", "web-1", "i1", "09:00", "connect", (8000,), (Mount("volume", "media_volume", "/media", read_only=False),),
    (InnerMount("/media", "/var/lib", "ext4", writable=True),),
)  # fmt: skip
RECORD = Baseline(
    recorded=1.5,
    engine="E1",
    service="web-project",
    media_root="/media",
    mode="full",
    sample=1000,
    seed=1,
    replicas=(REPLICA, replace(REPLICA, inner=None)),
    volume=Volume("media_volume", "yesterday", "local", {"type": "none"}),
    user=User(10001, (10001, 5)),
    served=("a \udcff",),
)


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    return tmp_path / "artifacts" / "before.media"


def test_what_was_written_is_read_back(file: Path) -> None:
    written = write_baseline(RECORD, SCAN, file)

    assert read_baseline(file, engine="E1") == written
    assert replace(written, entries=0, files=0, moving=0, size=0, sha256="", source=Path()) == RECORD
    assert (written.entries, written.files, written.moving) == (2, 1, 1)


def test_the_manifest_is_read_back_without_what_did_not_hold_still(file: Path) -> None:
    record = write_baseline(RECORD, SCAN, file)

    assert dict(record.lines()) == {path: line for path, line in SCAN.entries.items() if path != b"busy"}


def test_a_user_who_is_not_known_stays_so(file: Path) -> None:
    write_baseline(replace(RECORD, user=None), SCAN, file)

    assert read_baseline(file, engine="E1").user is None


def test_only_its_owner_can_read_the_names_of_files_in_a_record(file: Path) -> None:
    write_baseline(RECORD, SCAN, file)

    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def refusal(file: Path, engine: str = "E1") -> str:
    return str(error_of(BadInput, lambda: read_baseline(file, engine=engine)))


def test_a_record_that_is_not_there_is_asked_for(file: Path) -> None:
    assert "there is no record" in refusal(file)
    assert "hint: run make before-deploy" in refusal(file)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format": "other"}', "\xff", '{"format": "media before a deploy 2"}']
)
def test_anything_else_is_refused(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text)

    assert "is no record of the media before a deploy" in refusal(file)


def test_a_record_that_was_cut_off_is_refused(file: Path) -> None:
    write_baseline(RECORD, SCAN, file)
    file.write_bytes(file.read_bytes()[:-5])

    assert "is damaged" in refusal(file)


def test_a_record_of_another_server_is_refused(file: Path) -> None:
    write_baseline(RECORD, SCAN, file)

    assert "recorded on another engine" in refusal(file, engine="E2")
