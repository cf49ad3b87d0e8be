"""The names in a listing that a guide's command prints, with whatever program it lists."""

from __future__ import annotations

import re

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_MARKS = "*/=>@|:'\""  # of ls -F and ls -R, and of quoted names


def names_in(listing: str) -> frozenset[str]:
    """Return every name, and each part of a path, that `ls` printed in whichever form, `find`, `tree` or `du`."""
    words = _COLOUR.sub("", listing).split()
    return frozenset(part.strip(_MARKS) for word in words for part in word.split("/")) - {""}
