"""One damage to a tree at a time, each with what must be reported: which path, and which aspect of it.

What a damage doesn't mean to change stays: every time, that of the directory above too, and mode and owner. So a
comparison that takes size and mtime for the content has nothing to go by.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from trees import NAMES, Tree, below, in_seconds

from media_guarantees.media.manifest import ROOT

Reported = frozenset[tuple[bytes, str]]
_SECOND = 10**9

DAMAGE = r"""
set -eu
export LC_ALL=C
held=$(mktemp -d)
trap 'rm -rf "$held"' EXIT
: > "$held/own"
: > "$held/above"
there() { [[ -e $path || -L $path ]]; }
while IFS= read -r -d '' operation; do
    for field in path other argument mode owner; do IFS= read -r -d '' "$field"; done
    above=${path%/*}
    touch -r "$above" "$held/above"
    if there; then touch -h -r "$path" "$held/own"; fi
    case $operation in
        content) printf "\x${argument#* }" | dd of="$path" bs=1 seek="${argument% *}" conv=notrunc status=none ;;
        truncation) truncate --size="$argument" -- "$path" ;;
        removal) rm -fd -- "$path" ;;
        addition) : > "$path" ;;
        kind) rm -f -- "$path" && mkdir -- "$path" ;;
        mode) mode=$argument ;;
        owner | group) owner=$argument ;;
        mtime) touch -d "@$argument" "$held/own" ;;
        target) ln -sfn -- "$argument" "$path" ;;
        "broken link") cp -p -- "$path" "$held/copy" && mv -f -- "$held/copy" "$path" ;;
        "made link") ln -f -- "$other" "$path" ;;
        rename) mv -- "$path" "$other" ;;
        *) exit 64 ;;
    esac
    touch -r "$held/above" "$above" # first, for the root is its own directory above
    if there; then
        # Changing the owner takes the set-user-ID bit, so the mode comes later; five digits count for directories too.
        chown -h -- "$owner" "$path"
        if [[ ! -L $path ]]; then chmod -- "0$mode" "$path"; fi
        touch -h -r "$held/own" "$path"
    fi
done
"""
"""A script for bash that does what `orders` say, in the directory it runs in. Names need no quoting on a pipe."""


@dataclass(frozen=True)
class Damage:
    """A change of `path`, and what a comparison must report of it: these aspects, and nothing else."""

    operation: str
    path: bytes
    reported: Reported
    argument: bytes = b""
    other: bytes = ROOT
    mode: int = 0o644
    owner: tuple[int, int] = (os.getuid(), os.getgid())

    def under(self, folder: bytes) -> Damage:
        """Return the same damage, to the same tree once that is in `folder`."""
        reported = frozenset((below(folder, path), aspect) for path, aspect in self.reported)
        return replace(self, path=below(folder, self.path), other=below(folder, self.other), reported=reported)

    def order(self) -> bytes:
        """Return it as input of the `DAMAGE` script."""
        mode, owner = b"%04o" % self.mode, b"%d:%d" % self.owner
        fields = (self.operation.encode(), b"./" + self.path, b"./" + self.other, self.argument, mode, owner)
        return b"".join(field + b"\0" for field in fields)


def orders(damages: Iterable[Damage]) -> bytes:
    """Return the orders for the standard input of the `DAMAGE` script."""
    return b"".join(damage.order() for damage in damages)


def damage_to(tree: Tree, operation: str) -> st.SearchStrategy[Damage]:
    """Generate a damage of one of the `FILE_OPERATIONS` to a tree."""
    return FILE_OPERATIONS[operation](tree)


def _reported(aspect: str, *paths: bytes) -> Reported:
    return frozenset((path, aspect) for path in paths)


def _to_entry(tree: Tree, operation: str, path: bytes, aspect: str, argument: bytes) -> Damage:
    """Damage an entry in an aspect that all of its names share."""
    entry = tree.entries[path]
    reported = _reported(aspect, *tree.names(path))
    return Damage(operation, path, reported, argument, mode=entry.mode, owner=(entry.uid, entry.gid))


@st.composite
def _content(draw: st.DrawFn, tree: Tree) -> Damage:
    """Change one byte."""
    path = draw(_filled(tree))
    place = draw(st.integers(0, len(tree.contents[path]) - 1))
    byte = tree.contents[path][place] ^ draw(st.integers(1, 255))
    return _to_entry(tree, "content", path, "content", b"%d %02x" % (place, byte))


@st.composite
def _truncation(draw: st.DrawFn, tree: Tree) -> Damage:
    path = draw(_filled(tree))
    left = draw(st.integers(0, len(tree.contents[path]) - 1))
    return _to_entry(tree, "truncation", path, "size", b"%d" % left)


@st.composite
def _removal(draw: st.DrawFn, tree: Tree) -> Damage:
    """Remove a file, a link or an empty directory."""
    full = {path.rpartition(b"/")[0] or ROOT for path in tree.entries}
    path = draw(st.sampled_from([path for path in sorted(tree.entries) if path not in full and path != ROOT]))
    return Damage("removal", path, _reported("missing", path))


@st.composite
def _addition(draw: st.DrawFn, tree: Tree) -> Damage:
    folder = draw(st.sampled_from(tree.of_kind("directory")))
    path = draw(NAMES.map(lambda name: below(folder, name)).filter(lambda path: path not in tree.entries))
    return Damage("addition", path, _reported("extra", path))


@st.composite
def _kind(draw: st.DrawFn, tree: Tree) -> Damage:
    """Put a directory in the place of a link."""
    path = draw(st.sampled_from(tree.of_kind("symlink")))
    return _to_entry(tree, "kind", path, "kind", b"")


@st.composite
def _mode(draw: st.DrawFn, tree: Tree) -> Damage:
    path = draw(st.sampled_from(tree.of_kind("file", "directory")))
    bit = draw(st.sampled_from((0o001, 0o002, 0o004, 0o010, 0o020, 0o040, 0o1000)))
    return _to_entry(tree, "mode", path, "mode", b"%04o" % (tree.entries[path].mode ^ bit))


@st.composite
def _owner(draw: st.DrawFn, tree: Tree) -> Damage:
    entry = tree.entries[draw(st.sampled_from(sorted(tree.entries)))]
    owner = draw(st.integers(0, 100_000).filter(lambda uid: uid != entry.uid))
    return _to_entry(tree, "owner", entry.path, "owner", b"%d:%d" % (owner, entry.gid))


@st.composite
def _group(draw: st.DrawFn, tree: Tree) -> Damage:
    entry = tree.entries[draw(st.sampled_from(sorted(tree.entries)))]
    group = draw(st.integers(0, 100_000).filter(lambda gid: gid != entry.gid))
    return _to_entry(tree, "group", entry.path, "group", b"%d:%d" % (entry.uid, group))


@st.composite
def _mtime(draw: st.DrawFn, tree: Tree) -> Damage:
    """Move a time towards 1970 by whole seconds, the resolution of an archive."""
    entry = tree.entries[draw(st.sampled_from(sorted(tree.entries)))]
    seconds = draw(st.integers(1, 1000))
    moved = entry.mtime_ns + seconds * _SECOND * (-1 if entry.mtime_ns > 0 else 1)
    return _to_entry(tree, "mtime", entry.path, "mtime", in_seconds(moved).encode())


@st.composite
def _target(draw: st.DrawFn, tree: Tree) -> Damage:
    path = draw(st.sampled_from(tree.of_kind("symlink")))
    target = draw(NAMES.filter(lambda name: name != tree.entries[path].target))
    return _to_entry(tree, "target", path, "target", target)


@st.composite
def _broken_link(draw: st.DrawFn, tree: Tree) -> Damage:
    """Put a copy in the place of one of a file's names."""
    group = draw(st.sampled_from(sorted(map(sorted, tree.manifest.links))))
    return _to_entry(tree, "broken link", draw(st.sampled_from(group)), "links", b"")


@st.composite
def _made_link(draw: st.DrawFn, tree: Tree) -> Damage:
    """Make hard links of two equal files: only the link count differs."""
    files = tree.of_kind("file")
    alike = [
        (path, other)
        for path in files
        for other in files
        if tree.entries[path] == replace(tree.entries[other], path=path) and other not in tree.names(path)
    ]
    path, other = draw(st.sampled_from(alike))
    reported = _reported("links", *tree.names(path), *tree.names(other))
    return replace(_to_entry(tree, "made link", path, "links", b""), other=other, reported=reported)


@st.composite
def _rename(draw: st.DrawFn, tree: Tree) -> Damage:
    """Change the case of a name, and nothing but its case."""
    renamed = {path: _swapped(path) for path in tree.of_kind("file", "symlink")}
    path = draw(st.sampled_from([path for path, new in renamed.items() if new not in tree.entries]))
    reported = _reported("missing", path) | _reported("extra", renamed[path])
    return Damage("rename", path, reported, other=renamed[path])


def _swapped(path: bytes) -> bytes:
    folder, slash, name = path.rpartition(b"/")
    return folder + slash + name.swapcase()


def _filled(tree: Tree) -> st.SearchStrategy[bytes]:
    return st.sampled_from([path for path in tree.of_kind("file") if tree.contents[path]])


FILE_OPERATIONS: Mapping[str, Callable[[Tree], st.SearchStrategy[Damage]]] = {
    "content": _content,
    "truncation": _truncation,
    "removal": _removal,
    "addition": _addition,
    "kind": _kind,
    "mode": _mode,
    "owner": _owner,
    "group": _group,
    "mtime": _mtime,
    "target": _target,
    "broken link": _broken_link,
    "made link": _made_link,
    "rename": _rename,
}
"""Every damage there is, by its name in the script. Changing an owner or a group takes privileges."""
