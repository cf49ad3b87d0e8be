"""What a backup command left behind: one archive, a folder, or a copy that only the program that made it can read.

It is found by what appeared in the operator's folder, below the root of the operator's shell and in the folders that
the deployment mounts, not by what the command says. A copy that is in no file of these, but in another volume of the
engine, is one that can't be read here.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from media_guarantees.archive.backup_file import parts_of
from media_guarantees.archive.examine import DamagedArchive, UnsupportedArchive, read_archive
from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.guide.shell.confined_shell import SHELL_ROOT
from media_guarantees.guide.steps import ARCHIVE_ENDING
from media_guarantees.media.manifest import Manifest

# Below the root of the operator's shell: what belongs to the shell and to the programs in it, and no guide's copy.
_OF_SHELL = {"dev", "etc", "proc", "run", "sys", "usr", "bin", "sbin", "lib", "lib64"}
_OF_PROGRAMS = (".docker", ".cache", ".config")
_PART = re.compile(r"\.(?:tar(?:\.\w+)?|t[abgx]z2?|tzst)[._-]?(?:part)?[._-]?(?:a{2,3}|0{2,4}|0{1,3}1)$")

MOUNTS = "mounts"
"""Beside the operator's folder, where the folders of the machine are that the deployment's services mount."""

Stamp = tuple[int, int]  # when a file was written, and how large it is


@dataclass(frozen=True)
class Copy:
    """A copy that was made. `kind` is "archive", "folder" or "other"; `place` is None where no file holds it."""

    kind: str
    place: Path | None


def copy_made_by(operator: Operator, command: Callable[[], object], media: Manifest | None = None) -> Copy:
    """Run a backup command and return the copy that it made of `media`; raises `PromiseBroken` if there is none."""
    _make_room(operator, media)
    files, volumes = files_beside_media(operator), _volumes(operator)
    command()
    appeared = [path for path, stamp in files_beside_media(operator).items() if files.get(path) != stamp]
    archives = _own_archives([path for path in appeared if is_archive(path)], operator, media)
    if len(archives) == 1:
        # A tree of the media beside an archive of something else, such as the settings, is the copy.
        if media and len(appeared) > 1 and (root := _root_of_tree(appeared, media)) and not _holds(archives[0], media):
            return Copy("folder", root)
        return Copy("other" if _is_a_programs_own(archives[0], operator, media) else "archive", archives[0])
    others = [path for path in appeared if path.stat().st_size]
    if archives or not (others or _volumes(operator) != volumes):
        raise PromiseBroken(
            f"the backup command is over, and {len(archives)} archives appeared: "
            f"{sorted(path.name for path in archives)}",
            means="there is no backup, although the command says so",
            next_step=f"ls -la {operator.folder}",
        )
    return _unnamed_copy(others, media)


def _make_room(operator: Operator, media: Manifest | None) -> None:
    """Remove the folder that an earlier backup of the same day made: a person makes one a day, and no second beside it.

    `cp` and `docker cp` would put the second one into the first.
    """
    if media is None or operator.step("backup").kind not in {"folder", "effect"}:
        return
    root = _root_of_tree([path for path in files_beside_media(operator) if path.is_relative_to(operator.folder)], media)
    # What the platform had before its media were moved to a volume is no copy.
    if root and root != operator.folder / "media":
        journal.add_evidence(f"the folder {root.name}, of an earlier backup, is removed before the next one")
        shutil.rmtree(root)


def archive_made_by(operator: Operator, command: Callable[[], object], media: Manifest | None = None) -> Path:
    """Run a backup command and return the archive that it made; raises `Unproven` where it makes other copies."""
    return expect_archive(copy_made_by(operator, command, media))


def expect_archive(copy: Copy) -> Path:
    """Return the place of an archive; raises `Unproven` for any other copy."""
    if copy.kind != "archive" or copy.place is None:
        what = f"the folder {copy.place.name}" if copy.kind == "folder" and copy.place else "no file that is read here"
        raise Unproven(f"the guide's backup is {what}: only an archive is judged by this")
    return copy.place


def media_in(copy: Copy, media: Manifest) -> Manifest | None:
    """Return what a copy that can be read here holds of the media; None for one that can't.

    Raises `DamagedArchive` for an archive that is damaged, and for a folder that can't be read.
    """
    if copy.place is None or copy.kind == "other":
        return None
    return read_archive(copy.place, original=media)


def is_archive(path: Path) -> bool:
    """Whether a file is called like an archive, or like the first of several parts of one."""
    return bool(ARCHIVE_ENDING.search(path.name)) or (bool(_PART.search(path.name)) and parts_of(path)[0] == path)


def archives_in(folder: Path) -> dict[Path, Stamp]:
    """The archives in the operator's folder, each with its time and size."""
    return {path: stamp for path, stamp in files_of(folder).items() if is_archive(path)}


def files_of(folder: Path) -> dict[Path, Stamp]:
    """Every file that a guide's command may have made in the operator's folder, with its time and size."""
    return {path: (seen.st_mtime_ns, seen.st_size) for path, seen in _walk(folder)}


def files_beside_media(operator: Operator) -> dict[Path, Stamp]:
    """Every file that a guide's command, or a service by its mounts, may have made; the media are none of them."""
    mounted = operator.folder.with_name(MOUNTS)
    found = {**files_of(operator.folder), **(files_of(mounted) if mounted.is_dir() else {})}
    media = operator.media
    return found if media is None else {path: seen for path, seen in found.items() if not path.is_relative_to(media)}


def _walk(folder: Path) -> Iterable[tuple[Path, os.stat_result]]:
    shell = folder / SHELL_ROOT
    for place, folders, names in os.walk(folder):
        here = Path(place)
        folders[:] = [name for name in folders if not (here == shell and name in _OF_SHELL)]
        folders[:] = [name for name in folders if not (here.is_relative_to(shell) and name in _OF_PROGRAMS)]
        for name in names:
            path = here / name
            if not path.is_symlink() and path.is_file():
                yield path, path.stat()


def _volumes(operator: Operator) -> Mapping[str, tuple[int, int]]:
    """The volumes of a private engine, each with how many entries it has, and when the last of them was changed."""
    if operator.shell_in is None:
        return {}
    folder = operator.shell_in(operator.folder).engine.volumes
    return {volume.name: _newest(volume) for volume in folder.iterdir() if volume.is_dir()} if folder.is_dir() else {}


def _newest(volume: Path) -> tuple[int, int]:
    times = [os.lstat(Path(place, name)).st_ctime_ns for place, folders, names in os.walk(volume) for name in names]
    return len(times), max(times, default=0)


def _own_archives(archives: list[Path], operator: Operator, media: Manifest | None) -> list[Path]:
    """Of several archives, those of the media: the guide's command may archive other data too."""
    if len(archives) < 2:
        return archives
    printed = re.split(r"[$`<{\[]", Path(operator.step("backup").archive or "").name)[0]
    named = [path for path in archives if printed and path.name.startswith(printed)]
    if len(named) == 1 or media is None:
        return named or archives
    return [path for path in archives if _holds(path, media)] or archives


def _is_a_programs_own(archive: Path, operator: Operator, media: Manifest | None) -> bool:
    """Whether an archive has files in an order that only the program which wrote it knows, and the guide restores it.

    An archive without any file is no such thing: it is a backup of nothing.
    """
    if media is None or operator.step("backup").kind != "other" or _holds(archive, media):
        return False
    with suppress(DamagedArchive, UnsupportedArchive):
        if not read_archive(archive).files:
            return False
    try:
        return operator.step("restore").kind == "other"
    except Unproven:  # the guide describes none: nothing else can show what the archive is worth
        return False


def _holds(archive: Path, media: Manifest) -> bool:
    try:
        found = read_archive(archive, original=media)
    except (DamagedArchive, UnsupportedArchive):
        return False
    return any(file.path in found.entries for file in media.files)


def _unnamed_copy(appeared: list[Path], media: Manifest | None) -> Copy:
    if not appeared:
        return Copy("other", None)
    if len(appeared) == 1 and media and _holds(appeared[0], media):
        return Copy("archive", appeared[0])
    if media and (root := _root_of_tree(appeared, media)):
        return Copy("folder", root)
    return Copy("other", appeared[0] if len(appeared) == 1 else Path(os.path.commonpath(appeared)))


def _root_of_tree(appeared: list[Path], media: Manifest) -> Path | None:
    """The folder below which most of the media are found by their own paths."""
    found: dict[Path, int] = {}
    for file in media.files:
        path = os.fsdecode(file.path)
        for place in appeared:
            if str(place).endswith(f"/{path}"):
                root = Path(str(place)[: -len(path) - 1])
                found[root] = found.get(root, 0) + 1
    best = max(found, key=lambda root: found[root], default=None)
    return best if best and found[best] * 2 > len(media.files) else None
