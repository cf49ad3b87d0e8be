"""The media in a backup: which directory of it holds them, and what their times were before a program rounded them.

``tar czf x.tgz /data`` writes everything below "data/". That is found by what the media have at their top, and nothing
is compared but what is below it. Docker and other programs written in Go round times to the nearest second, where tar
cuts their fraction off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from media_guarantees.media.manifest import ROOT, Entry, Manifest

_SECOND = 10**9


def find_prefix(entries: Collection[bytes], expected: Collection[bytes]) -> bytes:
    """Return the directory among the paths `entries` that holds most of what is at the top of the paths `expected`.

    Of several that hold as much it is the one with the fewest parts; `ROOT` where there is none.
    """
    tops = {path.partition(b"/")[0] for path in expected} - {ROOT}
    if all(top in entries for top in tops):  # most backups have none, and a million entries take their time
        return ROOT
    found: Counter[bytes] = Counter()
    for path in entries:
        folder, _, name = path.rpartition(b"/")
        if name in tops:
            found[folder or (b"/" if path.startswith(b"/") else ROOT)] += 1
    return min(found, key=lambda folder: (-found[folder], folder != ROOT, folder.count(b"/"), folder), default=ROOT)


def below(prefix: bytes, path: bytes) -> bytes:
    """Return a path relative to `prefix`; "" for one that isn't below it."""
    if prefix == ROOT:
        return path
    if path == prefix:
        return ROOT
    start = prefix.rstrip(b"/") + b"/"
    return path[len(start) :] if path.startswith(start) else b""


def media_below(prefix: bytes, contents: Manifest, expected: Manifest | None = None) -> Manifest:
    """Return what is below a directory of a backup, as a separate tree.

    A backup that has no entry for that directory leaves it at a restore as it is, so `expected` lends its own.
    """
    if prefix == ROOT and (expected is None or ROOT in contents.entries):
        return contents
    entries = {
        path: replace(entry, path=path) for entry in contents.entries.values() if (path := below(prefix, entry.path))
    }
    if expected and ROOT in expected.entries:
        entries.setdefault(ROOT, expected.entries[ROOT])
    groups = (frozenset(filter(None, (below(prefix, path) for path in group))) for group in contents.links)
    return Manifest(entries, frozenset(group for group in groups if len(group) > 1))


def without_rounding(archived: Manifest, original: Manifest) -> Manifest:
    """Return what was archived with the seconds of the original times, if its program rounded all of them up.

    A manifest of any other archive is returned as it is.
    """
    rounded = _rounded_up(archived.entries, original.entries)
    if not rounded:
        return archived
    return Manifest({**archived.entries, **rounded}, archived.links)


def _rounded_up(archived: Mapping[bytes, Entry], original: Mapping[bytes, Entry]) -> dict[bytes, Entry]:
    """Return the entries whose time was rounded up, as if it weren't; none where one that had to be was not."""
    found: dict[bytes, Entry] = {}
    for path, before in original.items():
        seconds, fraction = divmod(before.mtime_ns, _SECOND)
        entry = archived.get(path)
        if entry is None or 2 * fraction < _SECOND:
            continue
        if entry.mtime_ns != (seconds + 1) * _SECOND:
            return {}
        found[path] = replace(entry, mtime_ns=seconds * _SECOND)
    return found
