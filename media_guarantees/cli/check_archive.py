"""Whether a backup can be relied on: ``media-guarantees check-archive ARCHIVE [--against VOLUME]``.

Nothing is extracted, nothing is changed, and no engine is needed unless a volume is compared. The exit status is 0
for an archive that is whole, safe to restore and the same; 1 for one that isn't; 2 where nothing could be checked.
Standard library only, so that it works on any server with Python.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

from media_guarantees.archive.examine import Examined, Problem, check_name, examine
from media_guarantees.archive.reference import read_reference
from media_guarantees.core.errors import BadInput
from media_guarantees.core.files import atomic_write
from media_guarantees.core.text import readable_size
from media_guarantees.media.diff import describe, summarize
from media_guarantees.media.manifest import Manifest, printable

WHOLE, REFUSED, UNUSABLE = 0, 1, 2
_SHOWN = 20  # lines of problems


def main(arguments: Sequence[str]) -> int:
    """Check what the arguments name, tell what was found, and return an exit status."""
    options = _parser().parse_args(arguments)
    try:
        against = read_reference(options.against) if options.against else None
        found = _examined(options, against)
        if options.save and not found.harm:
            _save(found.contents, Path(options.save))
    except BadInput as problem:
        sys.stderr.write(f"{problem}\n")
        return UNUSABLE
    misnamed = () if options.any_name else check_name(options.archive)
    sys.stdout.writelines(f"{line}\n" for line in _report(options, found, against, misnamed))
    return REFUSED if misnamed or found.harm or found.differences else WHOLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="media-guarantees check-archive",
        description="Say whether a backup is whole and safe to restore, and what is in it. Nothing is extracted.",
        epilog="exit status: 0 whole, safe and the same; 1 not so; 2 nothing could be checked",
    )
    parser.add_argument("archive", metavar="ARCHIVE", help="the file, as the storage guide's backup command makes it")
    parser.add_argument("--against", metavar="NAME", help="a volume, or a manifest (….json), to compare it with")
    parser.add_argument("--save", metavar="FILE", help="write the archive's manifest, to compare with later")
    parser.add_argument("--may-be-empty", action="store_true", help="accept the archive of an empty volume")
    parser.add_argument("--any-name", action="store_true", help="accept a name other than media_backup_YYYYMMDD.tar.gz")
    return parser


def _examined(options: argparse.Namespace, against: Manifest | None) -> Examined:
    path = Path(options.archive)
    try:
        if not path.is_file():  # asked first: opening a pipe would wait for ever
            seen = "is a directory" if path.is_dir() else "is no regular file" if path.exists() else "isn't there"
            raise BadInput(f"{_shown(path)} {seen}", "name an archive: make check-archive ARCHIVE=backups/…")
        return examine(path, against=against, may_be_empty=options.may_be_empty, hashed=bool(options.save))
    except (OSError, ValueError) as error:  # ValueError: a path that holds a NUL
        raise BadInput(f"{_shown(path)} can't be read: {error}", "run as somebody who may read it") from error


def _save(contents: Manifest, file: Path) -> None:
    """Write a manifest in one step: one that is there is whole."""
    try:
        atomic_write(file, contents.to_json())
    except (OSError, ValueError) as error:
        raise BadInput(f"{_shown(file)} can't be written: {error}", "name a file in a folder of yours") from error


def _report(
    options: argparse.Namespace, found: Examined, against: Manifest | None, misnamed: Sequence[Problem]
) -> Iterator[str]:
    """Tell what is in an archive, line by line, and end with the verdict on it."""
    yield f"{_shown(options.archive)}: {found.contents.summary()}" + (" before the damage" if found.damaged else "")
    yield from _rows(found.contents)
    yield from _some([str(problem) for problem in (*misnamed, *found.harm)], what="problems")
    if against is not None and found.differences:
        yield describe(found.differences, event=f"comparing it with {options.against}", limit=_SHOWN)
    elif against is not None:
        yield f"compared with {options.against}: {summarize(against, found.differences)}"
    if found.harm or misnamed:
        yield "REFUSED: don't restore it. Take another backup, or go back to an older one that passes."
    elif found.differences:
        yield f"DIFFERENT: whole and safe to restore, but not the same as {options.against}."
    else:
        same = f", and the same as {options.against}" if options.against else ""
        yield f"PASSED: whole and safe to restore{same}."


def _rows(contents: Manifest) -> Iterator[str]:
    """Tell how much is in each directory at the top, and of when the newest of it is."""
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
