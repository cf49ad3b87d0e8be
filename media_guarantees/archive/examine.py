"""Whether a backup is whole and safe to restore, and what is in it. Nothing is ever extracted.

GNU tar restores half of a truncated archive before it complains, and one that was cut between two members and
compressed again without a complaint; so an archive is judged first. What only a comparison can tell (members that are
gone from an archive that is otherwise in order) needs the manifest of what was backed up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO

from media_guarantees.archive import unsafe_members
from media_guarantees.archive.strict_tar import read_members
from media_guarantees.archive.tar_header import DamagedArchive, Member, Problem, normalised
from media_guarantees.core import journal
from media_guarantees.media.diff import Difference, diff, in_words
from media_guarantees.media.manifest import ROOT, Entry, Manifest

__all__ = ["DamagedArchive", "Examined", "Problem", "check", "check_name", "examine", "read_archive"]

_NAME = re.compile(r"media_backup_([0-9]{8})\.tar\.gz")


@dataclass(frozen=True)
class Examined:
    """What was found in an archive.

    `contents` is what is in it, as far as it could be read; a file has a SHA-256 there only if it was compared. `harm`
    is damage, and what restoring it could do beyond that; `differences` are those from what was backed up. `damaged` is
    whether there is more that couldn't be read.
    """

    contents: Manifest
    harm: tuple[Problem, ...]
    differences: tuple[Difference, ...]
    damaged: bool


def read_archive(source: str | Path | BinaryIO) -> Manifest:
    """Make the manifest of a `.tar.gz`, given its path or itself opened for reading bytes.

    Times are whole seconds, as GNU tar's format holds them. A hard link has its file's content and all else, as it
    will have once restored. Raises `DamagedArchive` for one that isn't whole or can't be told unambiguously; what
    merely isn't safe is for `check` to say.
    """
    members = list(_members(source))
    for problem in (*unsafe_members.repeated(members), *unsafe_members.dangling_hard_links(members)):
        raise DamagedArchive(problem.kind, problem.message, problem.member)
    return _manifest(members)


def check(path: str | Path | BinaryIO, *, against: Manifest | None = None) -> tuple[Problem, ...]:
    """Judge an archive as the guide's command makes it; an empty answer means that it is whole and safe to restore.

    What `examine` finds, in one list: a difference is a problem of its aspect's kind, such as "missing".
    """
    found = examine(path, against=against)
    return (*found.harm, *(Problem(change.aspect, change.path, in_words(change)) for change in found.differences))


def examine(
    source: str | Path | BinaryIO,
    *,
    against: Manifest | None = None,
    may_be_empty: bool = False,
    hashed: bool = False,
) -> Examined:
    """Read an archive to its end and find what is wrong with it.

    Damage is of the kind "empty file", "not gzip", "gzip header", "truncated", "corrupt", "trailing data", "not tar",
    "header checksum", "header", "unsupported", "fill", "no end marker", "unfilled" or "data after end", a danger of one
    that `safety` tells; "empty" is an archive of nothing, unless it `may_be_empty`. A bit that is flipped without
    changing what is decompressed goes unseen.

    `against` is the manifest of what was backed up: each difference (to the second) is then found too. Without it
    content is only `hashed` if asked for. Raises OSError where the archive can't be read, `NothingCompared` where
    `against` holds no file.
    """
    members: list[Member] = []
    damage: tuple[Problem, ...] = ()
    try:
        for member in _members(source, hashed=hashed or against is not None):
            members.append(member)  # noqa: PERF402 - those before the damage are wanted too
    except DamagedArchive as error:
        damage = (error.problem,)
    damaged = bool(damage)
    if not damage and not may_be_empty and {member.path for member in members} <= {ROOT}:
        damage = (Problem("empty", None, "it holds only ./: not one file of a volume was saved"),)
    contents = _manifest(members)
    unlike = () if against is None else diff(against, contents, mtime="seconds")
    return Examined(contents, (*damage, *unsafe_members.problems(members)), unlike, damaged)


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


def _members(source: str | Path | BinaryIO, *, hashed: bool = True) -> Iterator[Member]:
    if not isinstance(source, (str, Path)):
        yield from read_members(source, hashed=hashed)
        return
    name, size = Path(source).name, Path(source).stat().st_size
    with Path(source).open("rb") as file, journal.step(f"reading {name}", total=size, kind="work") as work:
        for member in read_members(file, hashed=hashed):
            work.done = file.tell() if size else 0  # a pipe has neither a size nor a place
            yield member


def _manifest(members: Sequence[Member]) -> Manifest:
    entries: dict[bytes, Entry] = {}
    originals: dict[bytes, bytes] = {}  # of each hard link: the path under which the archive holds its file
    for member in members:
        target = normalised(member.target)
        if member.kind != "hard link":
            entries[member.path] = _entry(member)
        elif target in entries:
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
