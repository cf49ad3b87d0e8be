"""Symbolic links among the media that lead out of what keeps them: what they point at is in no backup."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection


def leads_out(path: bytes, target: bytes, roots: Collection[str]) -> bool:
    """Whether a link at `path`, relative to the media root, points outside; `roots` are the names of that root."""
    if target.startswith(b"/"):
        inside = [os.fsencode(root).rstrip(b"/") for root in roots]
        whole = posixpath.normpath(target)
        return not any(whole == root or whole.startswith(root + b"/") for root in inside)
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target)).split(b"/")[0] == b".."
