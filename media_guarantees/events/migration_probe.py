"""Observe a migration from outside: by what reaches the volume, not by what it prints."""

from __future__ import annotations

import re
from collections.abc import Mapping

from media_guarantees.core import journal
from media_guarantees.core.waiting import wait_until
from media_guarantees.deployment.stack import Stack
from media_guarantees.media.diff import NothingCompared
from media_guarantees.media.manifest import Manifest
from media_guarantees.media.media_volume import VolumeMedia
from media_guarantees.media.stable_scan import ChangedWhileReading
from media_guarantees.system.background_command import Background

# How long a migration runs between two checks of the volume, in seconds. It is paused during a check.
SLICE_SECONDS = 0.03
SETTLE_SECONDS = 30.0

_OPTION = re.compile(r"(?<![\w-])(--?[A-Za-z][\w-]*)")
_REPLACES = re.compile(r"overwrit|replac|clobber|force|sobrescrev|substitu|remplaz|écras|überschreib", re.IGNORECASE)
# Of a line that speaks of several options, what is said of each.
_CLAUSE_END = re.compile(r"(?<=[.;,])\s(?!-)|\s(?:e|and|or|ou)\s")
_NEGATED = re.compile(r"\b(?:never|not?|without|nunca|não|nada|sem)\b|--no-", re.IGNORECASE)


def stop_half_way(migration: Background, media: VolumeMedia) -> None:
    """Let a migration run until something of it is in the volume, and pause it there.

    Raises `NothingCompared` if it ends first: then an interruption can't be tested.
    """
    before = media.sizes()
    with journal.timed("wait", "the migration is under way: the volume changes while its process runs"):
        while migration.run_for(SLICE_SECONDS):
            with journal.muted():
                changed = media.sizes() != before
            if changed:
                return
    raise NothingCompared("the migration was over before it could be stopped in its middle")


def settled_manifest(stack: Stack) -> Manifest:
    """Return the volume's manifest once two in a row agree: work in a container may outlive its client."""
    seen: list[Manifest] = []

    def look() -> Manifest | None:
        try:
            seen.append(stack.media.manifest())
        except ChangedWhileReading:
            seen.clear()
        return seen[-1] if len(seen) > 1 and seen[-1] == seen[-2] else None

    return wait_until(look, what="nothing moves in the volume any more", seconds=SETTLE_SECONDS)


def overwriting_options(*texts: str) -> Mapping[str, str]:
    """Return every option that a script's help or a guide says to replace files, with the words that say so."""
    clauses = (clause for text in texts for line in _unwrapped(text) for clause in _CLAUSE_END.split(line))
    replacing = [clause for clause in clauses if _REPLACES.search(clause) and not _NEGATED.search(clause)]
    return {option: clause.strip() for clause in replacing for option in _OPTION.findall(clause)}


def _unwrapped(text: str) -> list[str]:
    """Return the lines of a text with wrapped ones joined: a line goes on unless the next begins something."""
    return re.sub(r"(?<!\n)\n(?![ \t]*(?:[-*|#`>]|\d+\.|\n))", " ", text).splitlines()
