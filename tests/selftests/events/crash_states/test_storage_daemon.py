"""QEMU's storage daemon is found on the PATH or in the package archive, and exports a disk that it logs."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from fake_programs import Programs
from made_disks import engine

from media_guarantees.core.errors import BadInput
from media_guarantees.events.crash_states import storage_daemon
from media_guarantees.events.crash_states.storage_daemon import PROGRAM, StorageDaemon, find_storage_daemon, logged_file


class FakeArchive:
    """A package archive that has these programs in the packages of QEMU."""

    def __init__(self, folder: Path, *programs: str) -> None:
        self.folder = folder
        self.programs = programs
        self.unpacked: list[tuple[object, ...]] = []

    def unpack(self, name: str, packages: Sequence[str], **how: object) -> Path:
        """Make a folder with the programs."""
        self.unpacked.append((name, packages, how))
        root = self.folder / name
        (root / "usr/bin").mkdir(parents=True)
        for program in self.programs:
            (root / "usr/bin" / program).touch(mode=0o755)
        return root


def archive(monkeypatch: pytest.MonkeyPatch, folder: Path, *programs: str) -> FakeArchive:
    """Put a package archive in place of the machine's, which has no such program on its PATH."""
    made = FakeArchive(folder / "packages", *programs)
    monkeypatch.setattr(storage_daemon, "PackageArchive", lambda cache: made if cache == folder / "packages" else None)
    monkeypatch.setenv("PATH", str(folder))
    return made


def test_the_program_on_the_path_is_taken(programs: Programs, tmp_path: Path) -> None:
    program = programs.add(PROGRAM)

    found = find_storage_daemon(tmp_path)

    assert found == StorageDaemon(str(program), dict(os.environ))


def test_it_comes_from_the_package_archive_with_the_libraries_that_it_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = archive(monkeypatch, tmp_path, "qemu-img", PROGRAM)

    found = find_storage_daemon(tmp_path)

    assert found.program == str(tmp_path / "packages/storage-daemon/usr/bin" / PROGRAM)
    assert found.environment["PATH"].startswith(str(tmp_path / "packages/storage-daemon"))
    how = {"complete": True, "alone": ("qemu-system-common",)}
    assert made.unpacked == [("storage-daemon", ("qemu-utils",), how)]


def test_an_archive_without_it_is_bad_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    archive(monkeypatch, tmp_path, "qemu-img")

    with pytest.raises(BadInput, match=f"the package archive's qemu has no {PROGRAM}"):
        find_storage_daemon(tmp_path)


@pytest.fixture(name="daemon")
def _daemon(programs: Programs) -> StorageDaemon:
    for name in ("install", "sh"):
        programs.add(name, folder=programs.folder)
    return StorageDaemon(str(programs.add(PROGRAM)), dict(os.environ))


def test_every_write_of_the_disk_goes_to_the_log_for_the_block(
    daemon: StorageDaemon, programs: Programs, tmp_path: Path
) -> None:
    image, log = tmp_path / "a,b.img", tmp_path / "a,b.log"

    with logged_file(engine(), daemon, image, log, "power") as file:
        assert file == "/run/media-verify-files/power"
        assert log.stat().st_mode & 0o777 == 0o600
        assert programs.calls("install") == [f"-D /dev/null {file}"]
        assert programs.calls("sh") == []

    doubled = str(tmp_path / "a,,b")
    (call,) = programs.calls(PROGRAM)
    assert call == (
        f"--blockdev driver=file,node-name=disk,filename={doubled}.img,cache.no-flush=on "
        f"--blockdev driver=file,node-name=log,filename={doubled}.log,cache.no-flush=on "
        "--blockdev driver=blklogwrites,node-name=logged,file=disk,log=log "
        f"--export type=fuse,id=export,node-name=logged,mountpoint={file},writable=on "
        f"--daemonize --pidfile {file}.pid"
    )
    assert programs.calls("sh") == [f'-c kill "$(cat "$1")" sh {file}.pid'], "it is ended by its own number"


def test_the_daemon_is_ended_whatever_happens_in_the_block(
    daemon: StorageDaemon, programs: Programs, tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError, match="lost"):
        with logged_file(engine(), daemon, tmp_path / "a.img", tmp_path / "a.log", "power"):
            raise RuntimeError("lost")

    assert len(programs.calls("sh")) == 1


def test_a_machine_without_fuse_is_refused_in_the_daemons_words(
    daemon: StorageDaemon, programs: Programs, tmp_path: Path
) -> None:
    programs.add(PROGRAM, "echo 'fuse: device not found' >&2; exit 1")

    with pytest.raises(BadInput, match="can't log the writes of a disk here: fuse: device not found") as refused:
        with logged_file(engine(), daemon, tmp_path / "a.img", tmp_path / "a.log", "power"):
            pytest.fail("there is nothing to work on")

    assert refused.value.hint == "run where /dev/fuse can be used"
    assert programs.calls("sh") == [], "there is nothing to end"
