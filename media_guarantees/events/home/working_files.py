"""Files that a platform keeps for itself among its media, such as a log, an index or a lock.

They change while the platform works, whatever happens to the media: what became of them is reported, not judged.
Everything that was uploaded or planted is a medium, whatever its name, and so is what is called like a picture.
"""

from __future__ import annotations

import mimetypes
import os
import posixpath
import re
from collections.abc import Collection, Sequence

from media_guarantees.events.planted_entries import is_planted
from media_guarantees.media.diff import Difference
from media_guarantees.media.manifest import ROOT, Entry, Manifest
from media_guarantees.media.uploads.platform_protocol import Upload

_MEDIA = re.compile(r"(?:image|video|audio)/|application/pdf$")
_PASSING = re.compile(rb"(?:\.lock|\.pid|\.tmp|\.part|[.-](?:wal|shm|journal))$", re.IGNORECASE)
_CONTENT = {"size", "content", "mtime"}


def of_platform(
    changes: Sequence[Difference], before: Manifest, uploads: Collection[Upload], *, may_appear: bool = False
) -> tuple[Difference, ...]:
    """Return those of `changes` that are of the platform's own files, and the times of the directories that hold them.

    `before` is what the changes are of, and `uploads` what is known to be no file of the platform's own.

    A file of its own may get another content or another time, and may pass if it is called like a lock or a journal.
    Only where a service was started may it also appear.
    """
    uploaded = {upload.path.encode() for upload in uploads}
    others = [change for change in changes if change.path not in uploaded and not _is_medium(change.path)]
    own = [change for change in others if _is_usual(change, before.entries.get(change.path), may_appear=may_appear)]
    parents = {posixpath.dirname(change.path) or ROOT for change in own}
    times = [change for change in changes if change.aspect == "mtime" and change.path in parents and change not in own]
    return (*own, *times)


def _is_medium(path: bytes) -> bool:
    return is_planted(path) or bool(_MEDIA.match(mimetypes.guess_type(os.fsdecode(path))[0] or ""))


def _is_usual(change: Difference, before: Entry | None, *, may_appear: bool) -> bool:
    """Whether a platform that works changes a file of its own in this way."""
    if before is None:
        return may_appear and isinstance(change.after, Entry) and change.after.kind == "file"
    if before.kind != "file":
        return False
    return change.aspect in _CONTENT or (change.aspect == "missing" and bool(_PASSING.search(change.path)))
