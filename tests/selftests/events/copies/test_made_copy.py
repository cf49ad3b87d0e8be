"""What a backup command left is found by what appeared: one archive, a folder, or what can't be read here."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.events.copies.made_copy import Copy, archive_made_by, copy_made_by, is_archive, media_in
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.guide.steps import Step
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.manifest import Manifest

NAMES = ("avatars/1.png", "banners/2.png", "3.png")


class FakeOperator:
    """Stands in a folder, with a guide whose backup is `script`; `volumes` are those of the engine.

    `media` is the directory of the service's media.
    """

    def __init__(
        self, folder: Path, script: str = "./backup.sh", volumes: Path | None = None, media: Path | None = None
    ) -> None:
        self.folder = folder
        self.media = media
        self._script = script
        engine = SimpleNamespace(engine=SimpleNamespace(volumes=volumes))
        self.shell_in = (lambda _: engine) if volumes else None

    def step(self, procedure: str) -> Step:
        """Give the guide's backup."""
        kind = "folder" if " cp " in self._script else "other" if " export" in self._script else "archive"
        return Step(Path("guide.md"), 1, self._script, procedure, kind=kind)


@pytest.fixture(name="media")
def _media(tmp_path: Path) -> Path:
    """A folder that holds what the volume holds."""
    for number, name in enumerate(NAMES):
        (tmp_path / "media" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "media" / name).write_bytes(b"picture %d" % number)
    return tmp_path / "media"


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Where the operator stands."""
    (tmp_path / "deployment/backups").mkdir(parents=True)
    (tmp_path / "deployment/compose.yml").write_text("services: {}\n")
    return tmp_path / "deployment"


def made(folder: Path, happen: Callable[[], object], media: Path, **about: object) -> Copy:
    operator = cast("Operator", FakeOperator(folder, **about))  # type: ignore[arg-type]
    return copy_made_by(operator, happen, read_directory(media))


def pack(archive: Path, source: Path, name: str = ".") -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz", format=tarfile.GNU_FORMAT) as tar:
        tar.add(source, name)


def copy_tree(source: Path, target: Path) -> None:
    for name in NAMES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes((source / name).read_bytes())


def test_one_archive_is_the_copy(folder: Path, media: Path) -> None:
    copy = made(folder, lambda: pack(folder / "backups/a.tgz", media), media)

    assert copy == Copy("archive", folder / "backups/a.tgz")


def test_a_tree_of_the_media_beside_an_archive_of_the_settings_is_the_copy(folder: Path, media: Path) -> None:
    def happen() -> None:
        pack(folder / "settings.tgz", folder / "compose.yml", "compose.yml")
        copy_tree(media, folder / "copy")

    assert made(folder, happen, media) == Copy("folder", folder / "copy")


EXPORT = "docker compose exec web platform export"


def test_an_archive_of_a_programs_own_layout_is_judged_by_its_restore(folder: Path, media: Path) -> None:
    (folder / "assets").mkdir()
    (folder / "assets/1.bin").write_bytes(b"a picture under another name")

    copy = made(folder, lambda: pack(folder / "export.tar.gz", folder / "assets"), media, script=EXPORT)

    assert copy == Copy("other", folder / "export.tar.gz")


def test_a_programs_archive_that_holds_the_media_is_read(folder: Path, media: Path) -> None:
    copy = made(folder, lambda: pack(folder / "export.tar.gz", media), media, script=EXPORT)

    assert copy == Copy("archive", folder / "export.tar.gz")


def test_a_programs_archive_without_any_file_is_a_backup_of_nothing(folder: Path, media: Path) -> None:
    copy = made(folder, lambda: pack(folder / "export.tar.gz", folder / "backups"), media, script=EXPORT)

    assert copy.kind == "archive", "it would be judged by a restore, of which the guide may have none"


def test_an_archive_without_its_ending_is_one(folder: Path, media: Path) -> None:
    copy = made(folder, lambda: pack(folder / "backups/latest", media), media)

    assert copy == Copy("archive", folder / "backups/latest")


@pytest.mark.parametrize(
    "script", ["./backup.sh", "docker run -v m:/s -v ./b:/b u tar czf /b/media_$(date +%F).tgz /s"]
)
def test_of_several_archives_the_one_of_the_media_is_the_copy(folder: Path, media: Path, script: str) -> None:
    def happen() -> None:
        pack(folder / "backups/media_1.tgz", media)
        pack(folder / "backups/static_1.tgz", folder / "compose.yml", "compose.yml")

    assert made(folder, happen, media, script=script) == Copy("archive", folder / "backups/media_1.tgz")


def test_two_archives_of_the_media_are_no_backup_that_could_be_named(folder: Path, media: Path) -> None:
    def happen() -> None:
        pack(folder / "backups/a.tgz", media)
        pack(folder / "backups/b.tgz", media)

    with pytest.raises(PromiseBroken, match="2 archives appeared"):
        made(folder, happen, media)


def test_a_tree_of_the_media_is_a_folder_wherever_it_is(folder: Path, media: Path) -> None:
    copy = made(folder, lambda: copy_tree(media, folder / "outside/srv/copies/today"), media)

    assert copy == Copy("folder", folder / "outside/srv/copies/today")


def test_a_folder_that_an_earlier_backup_made_is_no_longer_in_the_way(folder: Path, media: Path) -> None:
    def happen() -> None:
        assert not (folder / "copy").exists(), "cp would put the second copy into the first"
        copy_tree(media, folder / "copy")

    script = "docker compose cp web:/media ./copy"
    for _ in range(2):
        assert made(folder, happen, media, script=script) == Copy("folder", folder / "copy")


def test_the_media_that_the_platform_had_before_stay(folder: Path, media: Path) -> None:
    copy_tree(media, folder / "media")

    made(folder, lambda: copy_tree(media, folder / "copy"), media, script="docker compose cp web:/media ./copy")

    assert (folder / "media/3.png").exists()


def test_the_media_themselves_are_no_copy_that_an_earlier_backup_made(folder: Path, media: Path) -> None:
    """Where a directory beside the compose file is mounted: to make room for the next copy would be to lose them."""
    uploads = folder / "data/uploads"
    copy_tree(media, uploads)
    script = "docker compose cp web:/media ./copy"
    operator = cast("Operator", FakeOperator(folder, script, media=uploads))

    copy = copy_made_by(operator, lambda: copy_tree(media, folder / "copy"), read_directory(media))

    assert copy == Copy("folder", folder / "copy")
    assert (uploads / "3.png").exists()


def test_what_is_uploaded_during_a_backup_is_no_copy_of_it(folder: Path, media: Path) -> None:
    uploads = folder / "data/uploads"
    uploads.mkdir(parents=True)
    operator = cast("Operator", FakeOperator(folder, media=uploads))

    with pytest.raises(PromiseBroken, match="0 archives appeared"):
        copy_made_by(operator, lambda: (uploads / "new.png").write_bytes(b"new"), read_directory(media))


def test_what_a_service_writes_to_a_folder_that_it_mounts_is_found(folder: Path, media: Path) -> None:
    archive = folder.parent / "mounts/0/backups/a.tgz"
    archive.parent.mkdir(parents=True)

    copy = made(folder, lambda: pack(archive, media), media)

    assert copy == Copy("archive", archive)


def test_files_of_other_names_are_a_copy_that_is_not_read_here(folder: Path, media: Path) -> None:
    def happen() -> None:
        for name in ("index", "data/0", "data/1"):
            (folder / "repository" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "repository" / name).write_bytes(b"\x8f\x00")

    assert made(folder, happen, media) == Copy("other", folder / "repository")


def test_one_file_of_another_format_is_a_copy_that_is_not_read_here(folder: Path, media: Path) -> None:
    copy = made(folder, lambda: (folder / "backups/media.tar.gz.gpg").write_bytes(b"\x8c\x0d\x04"), media)

    assert copy == Copy("other", folder / "backups/media.tar.gz.gpg")


def test_a_copy_in_another_volume_is_in_no_file_that_is_read_here(folder: Path, media: Path, tmp_path: Path) -> None:
    (tmp_path / "volumes/backups/_data").mkdir(parents=True)

    copy = made(folder, (tmp_path / "volumes/backups/_data/1").touch, media, volumes=tmp_path / "volumes")

    assert copy == Copy("other", None)


@pytest.mark.parametrize("left", ["nothing", "an empty file", "what the shell needs"])
def test_a_command_that_left_nothing_made_no_backup(folder: Path, media: Path, left: str) -> None:
    def happen() -> None:
        if left == "an empty file":
            (folder / "backups/log").touch()
        elif left == "what the shell needs":
            for name in ("outside/etc/passwd", "outside/root/.docker/config.json"):
                (folder / name).parent.mkdir(parents=True)
                (folder / name).write_text("x")

    with pytest.raises(PromiseBroken, match="0 archives appeared"):
        made(folder, happen, media)


def test_what_judges_archives_alone_says_what_there_is_instead(folder: Path, media: Path) -> None:
    operator = cast("Operator", FakeOperator(folder))

    with pytest.raises(Unproven, match="the guide's backup is the folder today: only an archive is judged by this"):
        archive_made_by(operator, lambda: copy_tree(media, folder / "today"), read_directory(media))


@contextmanager
def as_copy(kind: str, media: Path, folder: Path) -> Iterator[Copy]:
    pack(folder / "a.tgz", media, "data")
    yield Copy(kind, folder / "a.tgz" if kind == "archive" else media)


@pytest.mark.parametrize("kind", ["archive", "folder"])
def test_what_an_archive_and_a_folder_hold_is_read(folder: Path, media: Path, kind: str) -> None:
    original = read_directory(media)

    with as_copy(kind, media, folder) as copy:
        held = media_in(copy, original)

    assert {entry.path for entry in (held or Manifest({})).files} == {name.encode() for name in NAMES}


@pytest.mark.parametrize("copy", [Copy("other", Path("a.gpg")), Copy("other", None)])
def test_what_another_copy_holds_is_not_known(copy: Copy, media: Path) -> None:
    assert media_in(copy, read_directory(media)) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.tgz", True),
        ("a.tar", True),
        ("a.tar.zst", True),
        ("a.tar.gz.aa", True),
        ("a.tar.gz.ab", False),
        ("a.txt", False),
    ],
)
def test_an_archive_is_known_by_its_name(tmp_path: Path, name: str, *, expected: bool) -> None:
    for part in ("aa", "ab"):
        (tmp_path / f"a.tar.gz.{part}").write_bytes(b"\x1f\x8b" if part == "aa" else b"x")
    (tmp_path / name).touch()

    assert is_archive(tmp_path / name) is expected
