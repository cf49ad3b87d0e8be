"""What became of a tree: two manifests compared, as data, and that data put in words.

A difference is of one path and one aspect. Nothing is left out of a comparison that its caller didn't name, and
one that had nothing to compare is an error, not an agreement.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal

from media_guarantees.core.text import readable_size
from media_guarantees.media.manifest import Entry, Manifest, printable

Value = Entry | str | int | bytes | tuple[bytes, ...] | None  # what an aspect is, on one of the two sides
Pair = tuple[Value, Value]

ASPECTS = (
    "missing", "extra", "kind", "size", "content", "mode", "owner", "group", "mtime", "target", "links",
)  # fmt: skip
_SECOND = 10**9


class NothingCompared(Exception):  # noqa: N818 - named for what happened
    """A comparison had no file to compare, so that it can't have shown anything."""


@dataclass(frozen=True)
class Difference:
    """One aspect of one path that isn't what it was.

    `before` and `after` are its values: for "missing" and "extra" the whole entry and None, for "content" the
    SHA-256, for "mtime" nanoseconds since 1970, for "links" the other names of the same file.
    """

    path: bytes
    aspect: str
    before: Value
    after: Value


def diff(
    before: Manifest,
    after: Manifest,
    *,
    mtime: Literal["ns", "seconds", "ignore"] = "ns",
    ignore: Collection[str] = frozenset(),
) -> tuple[Difference, ...]:
    """Compare everything in two manifests, except the aspects to `ignore`; empty means equal.

    `mtime` says how finely times are compared. An entry of another kind, or a file of another size, is reported as
    just that; hard links are compared among the paths that both sides have. Raises `NothingCompared` where
    `before` holds no file that could be compared, ValueError for an aspect that doesn't exist.
    """
    ignored = _ignored(ignore, mtime)
    _expect_files(before, after, ignored)
    finest = 1 if mtime == "ns" else _SECOND
    shared = before.entries.keys() & after.entries.keys()
    names = _other_names(before, shared), _other_names(after, shared)
    found: list[Difference] = []
    for path in sorted(before.entries.keys() | after.entries.keys()):
        aspects = _aspects(before.entries.get(path), after.entries.get(path), finest)
        aspects["links"] = names[0].get(path, ()), names[1].get(path, ())
        changed = {name: pair for name, pair in aspects.items() if pair[0] != pair[1] and name not in ignored}
        found += [Difference(path, name, *changed[name]) for name in _root_causes(changed)]
    return tuple(found)


def differences_of(before: Entry, after: Entry | None) -> tuple[Difference, ...]:
    """Compare everything about one path but its hard links, with what it is now or None where it is gone."""
    changed = {name: pair for name, pair in _aspects(before, after, finest=1).items() if pair[0] != pair[1]}
    return tuple(Difference(before.path, name, *changed[name]) for name in _root_causes(changed))


def describe(changes: Sequence[Difference], *, event: str, limit: int | None = 20) -> str:
    """Put differences into words: how many after `event` ("recreating web-project"), then a line each.

    Times are in UTC; after `limit` lines the rest is only counted.
    """
    shown = changes[:limit]
    lines = [f"after {event}: {_counts(changes) or 'no difference'}", *map(_line, shown)]
    if len(shown) < len(changes):
        lines.append(f"  … and {len(changes) - len(shown)} more")
    return "\n".join(lines)


def in_words(change: Difference) -> str:
    """Format a difference's values, as in "0644 became 0600"; of an entry that only one side has, what it is."""
    if change.aspect in ("missing", "extra"):
        return _value(change.aspect, change.before if change.after is None else change.after)
    return f"{_value(change.aspect, change.before)} became {_value(change.aspect, change.after)}"


def summarize(before: Manifest, changes: Sequence[Difference]) -> str:
    """Summarize in one line what was compared, and the result: "12 files, 3.4 MB: 0 missing, 0 changed"."""
    return f"{before.summary()}: {_counts(changes, always=('missing', 'changed'))}"


def damaged(changes: Sequence[Difference]) -> dict[str, str]:
    """Name the paths whose content is not what it was, as text, and what became of each: "missing" or "changed"."""
    count_defects = {"missing": "missing", "kind": "changed", "size": "changed", "content": "changed"}
    return {
        change.path.decode(errors="surrogateescape"): count_defects[change.aspect]
        for change in changes
        if change.aspect in count_defects
    }


def _ignored(ignore: Collection[str], mtime: str) -> set[str]:
    unknown = sorted(set(ignore) - set(ASPECTS))
    if unknown or mtime not in ("ns", "seconds", "ignore"):
        raise ValueError(f"can't ignore {unknown} with mtime={mtime!r}: the aspects are {', '.join(ASPECTS)}")
    return {*ignore, "mtime"} if mtime == "ignore" else set(ignore)


def _expect_files(before: Manifest, after: Manifest, ignored: Collection[str]) -> None:
    if not before.files:
        raise NothingCompared(f"there was no file to compare, only {len(before.entries)} other entries")
    if "missing" in ignored and not any(file.path in after.entries for file in before.files):
        raise NothingCompared(f"none of the {len(before.files)} files was there to be compared")


def _aspects(before: Entry | None, after: Entry | None, finest: int) -> dict[str, Pair]:
    """Name each aspect with its two values; `finest` is the smallest step of time that counts, in ns."""
    if before is None or after is None:
        return {"missing" if after is None else "extra": (before, after)}
    return {
        "kind": (before.kind, after.kind),
        "size": (before.size, after.size),
        "content": (before.sha256, after.sha256),
        "mode": (before.mode, after.mode),
        "owner": (before.uid, after.uid),
        "group": (before.gid, after.gid),
        "mtime": (before.mtime_ns // finest * finest, after.mtime_ns // finest * finest),
        "target": (before.target, after.target),
    }


def _root_causes(changed: Collection[str]) -> Collection[str]:
    """Leave out what only follows from another aspect: a file of another size has other content."""
    if "kind" in changed:
        return ("kind",)
    return [name for name in changed if name != "content" or "size" not in changed]


def _other_names(manifest: Manifest, among: AbstractSet[bytes]) -> dict[bytes, tuple[bytes, ...]]:
    groups = [group & among for group in manifest.links]
    return {path: tuple(sorted(group - {path})) for group in groups for path in group}


def _counts(changes: Sequence[Difference], always: Collection[str] = ()) -> str:
    paths = {"missing": set[bytes](), "changed": set[bytes](), "extra": set[bytes]()}
    for change in changes:
        paths.get(change.aspect, paths["changed"]).add(change.path)
    return ", ".join(f"{len(found)} {name}" for name, found in paths.items() if found or name in always)


def _line(change: Difference) -> str:
    return f"  {change.aspect:8} {printable(change.path)}: {in_words(change)}"


def _value(aspect: str, value: Value) -> str:
    if isinstance(value, Entry):
        return f"file, {readable_size(value.size)}" if value.kind == "file" else value.kind
    if isinstance(value, tuple):
        return " ".join(["linked to", *map(printable, value)]) if value else "not linked"
    if isinstance(value, bytes):
        return printable(value)
    if isinstance(value, int):
        return _NUMBERS.get(aspect, str)(value)
    return f"sha256 {value[:16]}…" if aspect == "content" and value else str(value)


def _time(nanoseconds: int) -> str:
    seconds, fraction = divmod(nanoseconds, _SECOND)
    try:
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
    except OverflowError:  # beyond the year 9999, which file systems support and datetime doesn't
        return f"{seconds}.{fraction:09} s since 1970"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction:09}Z"


_NUMBERS: Mapping[str, Callable[[int], str]] = {
    "size": lambda size: f"{size} bytes" if size != 1 else "1 byte",
    "mode": lambda mode: f"{mode:04o}",
    "mtime": _time,
}
