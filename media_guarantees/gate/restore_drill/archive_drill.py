"""The restore drill of an archive that is already there: each step once, in order, on the live server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from media_guarantees.archive.examine import Examined, UnsupportedArchive, examine
from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.gate.kept.archive_choice import Choice, choose, names_like, shown
from media_guarantees.gate.kept.archive_comparison import (
    DIFFERENT,
    LATE,
    LOST,
    ArchiveComparison,
    compare_archive,
)
from media_guarantees.gate.kept.archive_findings import Clock, taken
from media_guarantees.gate.kept.archive_request import ArchiveRequest
from media_guarantees.gate.kept.archive_shelf import Shelf, find_local, find_on_server
from media_guarantees.gate.live_gate import Gate
from media_guarantees.gate.restore_drill.drill import Drill
from media_guarantees.gate.volume_scan import VolumeScan
from media_guarantees.guide.reader import Guide, StepAmbiguous, StepMissing
from media_guarantees.media.diff import Difference, diff, summarize
from media_guarantees.media.manifest import Manifest
from media_guarantees.system import commands

_BLOCK = 4096  # bytes that a file takes at the least


@dataclass(frozen=True)
class Picked:
    """The archive that the drill is about, where it is kept, and what time it is there."""

    shelf: Shelf
    choice: Choice
    clock: Clock


def pick(gate: Gate, guide: Guide, request: ArchiveRequest, folder: Path) -> Picked:
    """Find the archive that the `request` asks for; a path on this machine is relative to `folder`.

    Raises `BadInput` where there is none.
    """
    host = gate.settings.host
    shelf, name = find_on_server(request.place, gate.live) if host else find_local(folder / request.place)
    clock, like = shelf.clock(), _backups_like(gate, guide)
    choice = choose(shelf.listed(), request, like, now=clock.now, seed=gate.settings.seed, named=name)
    return Picked(shelf, choice, clock)


def _backups_like(gate: Gate, guide: Guide) -> re.Pattern[str]:
    try:
        volume = gate.expect_one_volume().name
        return names_like(guide.about({volume}).step("backup").archive)
    except (PromiseBroken, StepMissing, StepAmbiguous):  # what the guide doesn't say can't be held against a name
        return names_like(None)


def expect_room(drill: Drill, picked: Picked) -> None:
    """Raise `BadInput` where the scratch volumes have no room for the archive and about what the live volume holds."""
    gate = drill.gate
    try:
        sizes = gate.fresh_scan(lambda _: ())
    except PromiseBroken:  # the tests themselves say that there is no one volume
        return
    held = sum(max(_BLOCK, int(line.split(b" ", 3)[2])) for line in sizes.entries.values())
    drill.expect_room(picked.choice.drawn.size + held)


def examine_archive(picked: Picked, live: Manifest) -> Examined:
    """Read the archive to its end and find what is wrong with it. Raises `Unproven` where it can't be judged."""
    name = picked.choice.drawn.name
    try:
        with journal.step(f"reading {name}"), picked.shelf.opened(name) as archive:
            return examine(archive, against=live)
    except UnsupportedArchive as unsupported:
        raise Unproven(f"{shown(name)} can't be judged: {unsupported.reason}; {unsupported.hint}") from unsupported


def compare_with_live(gate: Gate, picked: Picked, examined: Examined, live: VolumeScan) -> ArchiveComparison | None:
    """Compare the archive with the live volume; None for one that is damaged.

    What looks as if the archive should have it is asked for when its inode was made: `cp -p` keeps a file's time.
    """
    if examined.problems:
        return None
    when = taken(picked.choice.drawn, picked.clock)
    seen = compare_archive(live, examined.media, when)
    suspects = [path for kind in (LOST, DIFFERENT, LATE) for path in seen.found.get(kind, ())]
    if suspects:
        seen = compare_archive(live, examined.media, when, born=born(gate, suspects))
    journal.add_figures(archive_files=len(examined.media.files), archive_content_bytes=examined.media.total_bytes)
    return seen


def born(gate: Gate, paths: list[bytes]) -> dict[bytes, float]:
    """Return when the inodes of some paths of the live volume were made, in seconds since the epoch; 0 if unknown."""
    helper = gate.live.volume_helper(gate.expect_one_volume().name, gate.folder)
    asked = commands.run(
        helper(["xargs", "-0", "-r", "stat", r"--printf=%W %n\0", "--"]),
        env=gate.live.engine.environment,
        stdin=b"\0".join(b"./" + path for path in paths),
    )
    records = (record.split(b" ./", 1) for record in asked.stdout.split(b"\0")[:-1])
    return {path: float(seconds) for seconds, path in records}


def restore_archive(drill: Drill, picked: Picked, examined: Examined) -> Manifest:
    """Run the guide's restore command on the archive, into a scratch volume; return what was restored.

    Raises `Unproven` for an archive that is damaged or not safe.
    """
    name = picked.choice.drawn.name
    if examined.problems:
        raise Unproven(f"{shown(name)} was not restored: the archive check refuses it")
    drill.bring(name, picked.shelf)
    return drill.restore(name)


def restored_otherwise(examined: Examined, restored: Manifest) -> tuple[Difference, ...]:
    """Return what a restore made otherwise than it is in the archive, but for the times of directories and links."""
    archived = examined.media
    changes = tuple(
        each
        for each in diff(archived, restored, mtime="seconds", ignore={"links"})
        if each.aspect != "mtime" or archived.entries[each.path].kind == "file"
    )
    journal.add_evidence(f"restored from the archive: {summarize(archived, changes)}")
    return changes
