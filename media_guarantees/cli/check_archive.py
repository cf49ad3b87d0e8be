"""Whether a backup can be relied on: ``media-guarantees check-archive ARCHIVE [--against VOLUME]``.

Nothing is extracted, nothing is changed, and no engine is needed unless a volume is compared. The exit status is 0
for a backup that is whole, safe to restore and the same; 1 for one that isn't; 2 where nothing could be judged.
Standard library only, so that it works on any server with Python; zstd takes Python 3.14 or a package.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

from media_guarantees.archive.examine import Examined, Problem, UnsupportedArchive, check_name, examine
from media_guarantees.archive.reference import read_reference
from media_guarantees.core.errors import BadInput
from media_guarantees.core.files import atomic_write
from media_guarantees.core.text import readable_size
from media_guarantees.media.diff import describe, summarize
from media_guarantees.media.manifest import Manifest, printable
from media_guarantees.media.stable_scan import ChangedWhileReading

WHOLE, REFUSED, UNUSABLE = 0, 1, 2
_SHOWN = 20  # lines of problems
_ENDING = re.compile(r"\.(?:tar(?:\.(?:gz|bz2|xz|zst))?|t[abgx]z2?|tzst)(?:[._-](?:part)?[._-]?(?:a{2,}|0*[01]))?$")


def main(arguments: Sequence[str]) -> int:
    """Check what the arguments name, print what was found, and return an exit status."""
    options = _parser().parse_args(arguments)
    try:
        against = read_reference(options.against) if options.against else None
        found = _examined(options, against)
        if options.save and not found.problems:
            _save(found.contents, Path(options.save))
    except BadInput as problem:
        sys.stderr.write(f"{problem}\n")
        return UNUSABLE
    misnamed = _misnamed(options)
    sys.stdout.writelines(f"{line}\n" for line in _report(options, found, against, misnamed))
    return REFUSED if misnamed or found.problems or found.differences else WHOLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="media-guarantees check-archive",
        description="Say whether a backup is whole and safe to restore, and what is in it. Nothing is extracted.",
        epilog="exit status: 0 whole, safe and the same; 1 not so; 2 it can't be judged",
    )
    parser.add_argument("archive", metavar="ARCHIVE", help="a tar archive, compressed or not, or a folder of copies")
    parser.add_argument("--against", metavar="NAME", help="a volume, or a manifest (….json), to compare it with")
    parser.add_argument("--save", metavar="FILE", help="write the archive's manifest, to compare with later")
    parser.add_argument("--may-be-empty", action="store_true", help="accept the archive of an empty volume")
    parser.add_argument("--any-name", action="store_true", help="accept media_backup_… without a day that exists")
    return parser


def _examined(options: argparse.Namespace, against: Manifest | None) -> Examined:
    path = Path(options.archive)
    try:
        _require_readable(path, compared=against is not None)
        return examine(path, against=against, may_be_empty=options.may_be_empty, hashed=bool(options.save))
    except UnsupportedArchive as unsupported:
        raise BadInput(f"{_shown(path)} can't be judged: {unsupported.reason}", unsupported.hint) from unsupported
    except ChangedWhileReading as change:
        raise BadInput(f"{_shown(path)} can't be judged: {change}", "check it once nothing writes to it") from change
    except (OSError, ValueError) as error:  # ValueError: a path that holds a NUL
        raise BadInput(f"{_shown(path)} can't be read: {error}", "run this as a user who may read it") from error


def _require_readable(path: Path, *, compared: bool) -> None:
    if path.is_dir() and not compared:
        raise BadInput(
            f"{_shown(path)} is a directory, and nothing in it shows whether it is whole",
            "compare it with the volume (AGAINST=media_volume), or name an archive in it",
        )
    if not path.is_file() and not path.is_dir():  # asked first: opening a pipe would wait for ever
        seen = "is no regular file" if path.exists() else "isn't there"
        raise BadInput(f"{_shown(path)} {seen}", "name an archive: make check-archive ARCHIVE=backups/…")


def _misnamed(options: argparse.Namespace) -> Sequence[Problem]:
    """Judge the name of a file that is called as the storage guide calls its own; other names are other people's."""
    name = Path(options.archive).name
    if options.any_name or not name.startswith("media_backup_") or Path(options.archive).is_dir():
        return ()
    return check_name(_ENDING.sub(".tar.gz", name))


def _save(contents: Manifest, file: Path) -> None:
    """Write a manifest in one step: one that is there is whole."""
    try:
        atomic_write(file, contents.to_json())
    except (OSError, ValueError) as error:
        raise BadInput(f"{_shown(file)} can't be written: {error}", "name a file in a folder of yours") from error


def _report(
    options: argparse.Namespace, found: Examined, against: Manifest | None, misnamed: Sequence[Problem]
) -> Iterator[str]:
    """Describe what is in a backup, line by line, and end with the verdict on it."""
    summary = found.contents.summary() + (" before the damage" if found.damaged else "")
    yield f"{_shown(options.archive)}: {found.form}, {summary}"
    yield from _rows(found.media)
    yield from (f"  note: {note}" for note in found.notes)
    yield from _some([str(problem) for problem in (*misnamed, *found.problems)], what="problems")
    if against is not None and found.differences:
        yield describe(found.differences, event=f"comparing it with {options.against}", limit=_SHOWN)
    elif against is not None:
        yield f"compared with {options.against}: {summarize(against, found.differences)}"
    if found.problems or misnamed:
        yield "REFUSED: don't restore it. Take another backup, or go back to an older one that passes."
    elif found.differences:
        yield f"DIFFERENT: whole and safe to restore, but not the same as {options.against}."
    else:
        same = f", and the same as {options.against}" if options.against else ""
        yield f"PASSED: whole and safe to restore{same}."


def _rows(contents: Manifest) -> Iterator[str]:
    """Say how much is in each directory at the top, and of when the newest of it is."""
    tops: dict[bytes, list[int]] = {}
    for entry in contents.files:
        top, slash, _ = entry.path.partition(b"/")
        row = tops.setdefault(top + slash if slash else b"./", [0, 0, entry.mtime_ns])
        row[0], row[1], row[2] = row[0] + 1, row[1] + entry.size, max(row[2], entry.mtime_ns)
    lines = (
        f"{printable(top)}: {count} files, {readable_size(size)}, the newest of {_day(newest)}"
        for top, (count, size, newest) in sorted(tops.items())
    )
    yield from _some(list(lines), what="directories")


def _some(lines: Sequence[str], *, what: str) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"  … and {len(lines) - _SHOWN} more {what}"


def _day(nanoseconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(nanoseconds // 10**9, timezone.utc):%Y-%m-%d}"
    except (OverflowError, ValueError, OSError):  # beyond what datetime or the platform can tell
        return f"{nanoseconds // 10**9} s since 1970"


def _shown(path: str | Path) -> str:
    return printable(os.fsencode(path))
