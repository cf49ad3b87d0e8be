"""Whether a backup is whole and safe to restore, and what is in it. Nothing is ever extracted.

GNU tar restores half of a truncated archive before it complains, and one that was cut between two members and
compressed again without a complaint; so an archive is judged first. What only a comparison can show (members that are
gone from an archive that is otherwise in order, changed content where no checksum protects it) needs the manifest of
what was backed up.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO

from media_guarantees.archive import unsafe_members
from media_guarantees.archive.backup_file import open_backup
from media_guarantees.archive.compression import open_content
from media_guarantees.archive.foreign_formats import require_plain_folder
from media_guarantees.archive.prefix import find_prefix, media_below, without_rounding
from media_guarantees.archive.problem import DamagedArchive, Problem, UnsupportedArchive
from media_guarantees.archive.strict_tar import read_members
from media_guarantees.archive.tar_header import Member, normalised
from media_guarantees.core import journal
from media_guarantees.media.diff import Difference, diff, in_words
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.manifest import ROOT, Entry, Manifest, printable

__all__ = [
    "DamagedArchive", "Examined", "Problem", "UnsupportedArchive", "check", "check_name", "examine", "read_archive",
]  # fmt: skip

Source = str | Path | BinaryIO
_BUFFER = 1 << 16
_NAME = re.compile(r"media_backup_([0-9]{8})\.tar\.gz")


@dataclass(frozen=True)
class Examined:
    """What was found in a backup.

    `contents` is what is in it, as far as it could be read; a file has a SHA-256 there only if it was compared.
    `problems` are damage, and what restoring it could do beyond that; `differences` are those from what was backed up.
    `damaged` is whether there is more that couldn't be read. `form` is what it is, as in "tar archive, gzip".
    `prefix` is the directory in it that holds the media, `media` what is below that. `notes` describe what was
    found that is no problem.
    """

    contents: Manifest
    problems: tuple[Problem, ...]
    differences: tuple[Difference, ...]
    damaged: bool
    form: str
    prefix: bytes
    media: Manifest
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Read:
    """What was read of a backup: what is in it, as far as it could be read, and the damage behind that.

    `members` are those of an archive. `verified` is whether checksums protect its content.
    """

    form: str
    contents: Manifest
    members: Sequence[Member] = ()
    damage: tuple[Problem, ...] = ()
    verified: bool = True


def read_archive(source: Source, *, original: Manifest | None = None, holding: Collection[bytes] = ()) -> Manifest:
    """Make the manifest of a backup: a tar archive, given its path or itself opened for reading bytes, or a folder.

    Given the `original` that was backed up, or only paths that it is `holding`, the manifest is of the directory in it
    that holds those. Times are whole seconds in GNU tar's format. A hard link has its file's content and all else, as
    it will have once restored. Raises `DamagedArchive` for one that isn't whole or is ambiguous, `UnsupportedArchive`
    for one that can't be judged; whether it is safe is for `check` to say.
    """
    read = _read(source, hashed=True)
    ambiguous = (*unsafe_members.repeated(read.members), *unsafe_members.dangling_hard_links(read.members))
    for problem in (*read.damage, *ambiguous):
        raise DamagedArchive(problem.kind, problem.message, problem.member)
    _, media, _ = _media(read, original, holding)
    return media


def check(source: Source, *, against: Manifest | None = None) -> tuple[Problem, ...]:
    """Judge an archive; an empty answer means that it is whole and safe to restore.

    What `examine` finds, in one list: a difference is a problem of its aspect's kind, such as "missing".
    """
    found = examine(source, against=against)
    return (*found.problems, *(Problem(change.aspect, change.path, in_words(change)) for change in found.differences))


def examine(
    source: Source,
    *,
    against: Manifest | None = None,
    may_be_empty: bool = False,
    hashed: bool = False,
) -> Examined:
    """Read a backup to its end and find what is wrong with it: a tar archive of any compression, or a folder.

    Damage is of the kind "empty file", "no archive", "truncated", "corrupt", "trailing data", "not tar",
    "header checksum", "header", "fill", "no end marker" or "data after end", a danger of one that `unsafe_members`
    finds; "empty" is a backup of nothing, unless it `may_be_empty`. A bit that is flipped without changing what is
    decompressed goes unseen.

    `against` is the manifest of what was backed up: each difference (to the second) from what is below the prefix is
    then found too, and a symbolic link that it holds just so is no danger. Without it content is only `hashed` if asked
    for. Raises OSError where the backup can't be read, `UnsupportedArchive` where it can't be judged, `NothingCompared`
    where `against` holds no file.
    """
    read = _read(source, hashed=hashed or against is not None)
    prefix, media, rounds = _media(read, against)
    unsafe = unsafe_members.problems(read.members, prefix)
    empty = () if may_be_empty or not _is_empty(read) else (_EMPTY,)
    return Examined(
        contents=read.contents,
        problems=(*read.damage, *empty, *_without_known_links(unsafe, read, prefix, against)),
        differences=() if against is None else diff(against, media, mtime="seconds"),
        damaged=bool(read.damage),
        form=read.form,
        prefix=prefix,
        media=media,
        notes=tuple(_notes(read, prefix, media, rounds=rounds)),
    )


def _media(read: _Read, original: Manifest | None, holding: Collection[bytes] = ()) -> tuple[bytes, Manifest, bool]:
    """Find the media in a backup: the directory that holds them, what is below that, and whether times are rounded."""
    prefix = find_prefix(read.contents.entries, original.entries if original else holding)
    # An archive of "." without an entry for that has lost it; one of "avatars" and others never had any.
    is_named = not any(member.name.startswith(b"./") for member in read.members)
    exact = media_below(prefix, read.contents, original if is_named else None)
    media = without_rounding(exact, original) if original else exact
    return prefix, media, media is not exact


def _without_known_links(
    problems: Iterable[Problem], read: _Read, prefix: bytes, original: Manifest | None
) -> Iterator[Problem]:
    """Leave out the links that what was backed up holds just so: they lead nowhere else when restored."""
    entries = original.entries if original else {}
    known = {
        member.name
        for member in read.members
        if (entry := entries.get(member.path.removeprefix(prefix + b"/"))) is not None
        and member.kind == entry.kind == "symlink"
        and member.target == entry.target
    }
    return (problem for problem in problems if problem.kind != "unsafe link" or problem.member not in known)


_EMPTY = Problem("empty", None, "it holds only ./: not one file of a volume was saved")


def _is_empty(read: _Read) -> bool:
    return not read.damage and {*read.contents.entries, *(member.path for member in read.members)} <= {ROOT}


def _notes(read: _Read, prefix: bytes, media: Manifest, *, rounds: bool) -> Iterator[str]:
    if prefix != ROOT:
        beside = sum(not _is_within(prefix, path) for path in read.contents.entries)
        yield f"the media are below {printable(prefix)} in it" + (f", beside {beside} other entries" if beside else "")
    if prefix not in read.contents.entries and ROOT in media.entries:
        yield "it has no entry for the volume's own directory, whose owner and mode a restore leaves as they are"
    if rounds:
        yield "its times are rounded to the nearest second"
    if not read.verified:
        yield "no checksum protects its content: only a comparison shows whether that changed"
    if unsafe_members.all_absolute(read.members):
        yield "its names begin with a slash, which tar leaves out at a restore unless it is called with -P"


def _is_within(prefix: bytes, path: bytes) -> bool:
    """Whether a path is a directory's own, below it or above it."""
    one, other = (name.rstrip(b"/") + b"/" for name in (prefix, path))
    return path == ROOT or one.startswith(other) or other.startswith(one)


def check_name(path: str | Path, day: date | None = None) -> tuple[Problem, ...]:
    """Judge an archive's name, `media_backup_YYYYMMDD.tar.gz`: of `day` where that is given, else of any."""
    name = Path(path).name
    if day and name != f"media_backup_{day:%Y%m%d}.tar.gz":
        return (Problem("name", None, f"{name!r} isn't media_backup_{day:%Y%m%d}.tar.gz"),)
    match = _NAME.fullmatch(name)
    try:
        date.fromisoformat(f"{match[1][:4]}-{match[1][4:6]}-{match[1][6:]}" if match else "")
    except ValueError:
        return (Problem("name", None, f"{name!r} isn't media_backup_YYYYMMDD.tar.gz, with a day that exists"),)
    return ()


def _read(source: Source, *, hashed: bool) -> _Read:
    if not isinstance(source, (str, Path)):
        return _read_stream(source, hashed=hashed)
    path = Path(source)
    if path.is_dir():
        require_plain_folder(path)
        return _Read("folder", read_directory(path), verified=False)
    parts, size = open_backup(path)
    with closing(parts), journal.step(f"reading {path.name}", total=size, kind="work") as work:

        def advance() -> None:
            work.done = parts.position if size else 0  # a pipe has neither a size nor a place

        return _read_stream(io.BufferedReader(parts, _BUFFER), hashed=hashed, advance=advance)


def _read_stream(file: BinaryIO, *, hashed: bool, advance: Callable[[], None] = lambda: None) -> _Read:
    members: list[Member] = []
    damage: tuple[Problem, ...] = ()
    form, verified = "tar archive", True
    try:
        content = open_content(file)
        form, verified = f"tar archive, {content.compression or 'not compressed'}", content.verified
        for member in read_members(content.pieces, hashed=hashed):
            members.append(member)
            advance()
    except DamagedArchive as error:
        damage = (error.problem,)
    return _Read(form, _manifest(members), members, damage, verified)


def _manifest(members: Sequence[Member]) -> Manifest:
    entries: dict[bytes, Entry] = {}
    originals: dict[bytes, bytes] = {}  # of each hard link: the path under which the archive holds its file
    for member in members:
        if member.kind != "hard link":
            entries[member.path] = _entry(member)
        elif (target := normalised(member.target)) in entries:
            originals[member.path] = originals.get(target, target)
            entries[member.path] = replace(entries[target], path=member.path)
    return Manifest(entries, _groups(originals))


def _entry(member: Member) -> Entry:
    return Entry(
        path=member.path,
        kind=member.kind,
        size=member.size,
        sha256=member.sha256,
        mode=member.mode,
        uid=member.uid,
        gid=member.gid,
        mtime_ns=member.mtime_ns,
        target=member.target,
    )


def _groups(originals: Mapping[bytes, bytes]) -> frozenset[frozenset[bytes]]:
    groups: dict[bytes, set[bytes]] = {}
    for link, original in originals.items():
        groups.setdefault(original, {original}).add(link)
    return frozenset(map(frozenset, groups.values()))
