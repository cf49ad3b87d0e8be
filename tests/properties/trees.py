"""Trees of files that Hypothesis generates, with the manifest that each must have, and how one is created.

A tree is data: what it looks like is known before any file of it exists, so that what is read can be compared with
what was meant. It holds at least one of each kind of entry, and so is never too poor for a damage.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO

from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter

from media_guarantees.media.awkward_names import NASTY_NAMES
from media_guarantees.media.manifest import ROOT, Entry, Manifest

PLANT = """
LC_ALL=C tar --extract --preserve-permissions --numeric-owner \\
    --warning=no-timestamp --warning=no-unknown-keyword --file=-
"""
"""A script for bash that plants a `Tree.stream` where it runs. In the C locale, tar leaves names as they are."""

_SHOWN = 30  # entries
_KINDS = ("file", "twin", "hard link", "symlink", "directory")
_SIZES = (0, 1, 511, 512, 513, 10_240, 65_535, 65_536)  # the edges of tar's blocks and records, and the largest
_OWNERS = (0, 1, 33, 1000, 65_534, 2_097_151, 2_097_152, 2**32 - 2)  # the third last is the largest in octal digits


@dataclass(frozen=True)
class Tree:
    """The description of a tree: its manifest, and the content of its files, by path."""

    manifest: Manifest
    contents: Mapping[bytes, bytes]

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        """Show a small tree completely, without its files' content; of a forest, only its size."""
        del cycle
        if len(self.entries) > _SHOWN:
            printer.text(f"<Tree: {self.manifest.summary()}>")
            return
        printer.text("Tree: ")
        printer.pretty(self.manifest)

    def under(self, folder: bytes) -> Tree:
        """Return the same tree, in a directory `folder` whose attributes are those of its root."""
        entries = {(moved := below(folder, path)): replace(entry, path=moved) for path, entry in self.entries.items()}
        groups = (frozenset(below(folder, path) for path in group) for group in self.manifest.links)
        contents = {below(folder, path): content for path, content in self.contents.items()}
        return Tree(Manifest(entries, frozenset(groups)), contents)

    @property
    def entries(self) -> Mapping[bytes, Entry]:
        """The manifest's entries by path."""
        return self.manifest.entries

    def of_kind(self, *kinds: str) -> list[bytes]:
        """Return the paths of entries of these kinds, always in the same order."""
        return [path for path in sorted(self.entries) if self.entries[path].kind in kinds]

    def names(self, path: bytes) -> frozenset[bytes]:
        """Return every name of the file that `path` is a name of."""
        return next((group for group in self.manifest.links if path in group), frozenset({path}))

    def stream(self) -> bytes:
        """Return a tar archive that says all of it; the times' nanoseconds are in POSIX's own attributes."""
        written = BytesIO()
        with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape") as archive:
            for path in sorted(self.entries):
                archive.addfile(self._member(path), BytesIO(self.contents.get(path, b"")))
        return written.getvalue()

    def _member(self, path: bytes) -> tarfile.TarInfo:
        entry, first = self.entries[path], min(self.names(path))
        member = tarfile.TarInfo(_written(path))
        member.type, member.size, member.linkname = tarfile.REGTYPE, entry.size, os.fsdecode(entry.target)
        if entry.kind != "file":
            member.type = tarfile.DIRTYPE if entry.kind == "directory" else tarfile.SYMTYPE
        elif path != first:
            member.type, member.size, member.linkname = tarfile.LNKTYPE, 0, _written(first)
        member.mode, member.uid, member.gid = entry.mode, entry.uid, entry.gid
        member.pax_headers = {"mtime": in_seconds(entry.mtime_ns)}
        return member


def below(folder: bytes, path: bytes) -> bytes:
    """Return where `path` is once its tree is in `folder`."""
    return path if folder == ROOT else folder if path == ROOT else folder + b"/" + path


def _written(path: bytes) -> str:
    """Return a path as `tar -C … .` writes it."""
    return os.fsdecode(path if path == ROOT else b"./" + path)


def in_seconds(nanoseconds: int) -> str:
    """Write a time as seconds since 1970 with nine decimals; before 1970 all of it is negative."""
    seconds, fraction = divmod(abs(nanoseconds), 10**9)
    return f"{'-' if nanoseconds < 0 else ''}{seconds}.{fraction:09}"


def planted_together(trees: Iterable[Tree]) -> Tree:
    """Make one tree of several, each in a directory of its own: "0", "1" and so on."""
    entries: dict[bytes, Entry] = {ROOT: Entry(ROOT, "directory", 0, "", 0o755, 0, 0, 0, b"")}
    links: set[frozenset[bytes]] = set()
    contents: dict[bytes, bytes] = {}
    for number, tree in enumerate(trees):
        moved = tree.under(b"%d" % number)
        entries.update(moved.entries)
        links |= moved.manifest.links
        contents.update(moved.contents)
    return Tree(Manifest(entries, frozenset(links)), contents)


# In ns since 1970, as the oldest file systems hold them; in their first and last second, Linux cuts the fraction.
_TIMES = st.builds(
    lambda seconds, fraction: seconds * 10**9 + fraction,
    st.integers(1_400_000_000, 1_900_000_000) | st.integers(1 - 2**31, 2**31 - 2),
    st.integers(0, 10**9 - 1),
)
_WILD = st.binary(min_size=1, max_size=255).map(lambda name: name.translate(bytes.maketrans(b"/\0", b"|0")))
_LONG = st.builds(lambda piece, size: (piece * size)[:size], _WILD, st.integers(200, 255))
_HIDDEN = _WILD.map(lambda name: b"." + name[:254])
NAMES = st.one_of(st.sampled_from(NASTY_NAMES), _WILD, _HIDDEN, _LONG).filter(lambda name: name not in (b".", b".."))
"""Every name that a Linux file system takes: 1 to 255 bytes, any of them but "/" and NUL."""


@st.composite
def trees(draw: st.DrawFn, *, privileged: bool = True) -> Tree:
    """Generate a tree. Unless `privileged`, it is one that an ordinary user can make, read and take down."""
    growing = _Growing(draw, privileged)
    # The first file can lose a byte, and its name has a letter, which a rename can change the case of.
    growing.add_file(least=1, name=NAMES.map(lambda name: name[:254] + b"a"))
    for kind in (*_KINDS[1:], *draw(st.lists(st.sampled_from(_KINDS), max_size=4))):
        growing.add[kind]()
    links = frozenset(frozenset(group) for group in growing.groups if len(group) > 1)
    return Tree(Manifest(growing.entries, links), growing.contents)


@dataclass
class _Growing:
    """A tree to which entries are added, one drawn after the other."""

    draw: st.DrawFn
    privileged: bool
    entries: dict[bytes, Entry] = field(default_factory=dict)
    contents: dict[bytes, bytes] = field(default_factory=dict)
    groups: list[set[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        steps = (self.add_file, self._add_twin, self._add_hard_link, self._add_symlink, self._add_directory)
        self.add: Mapping[str, Callable[[], None]] = dict(zip(_KINDS, steps, strict=True))
        self._put(ROOT, "directory")

    def add_file(self, *, least: int = 0, name: st.SearchStrategy[bytes] = NAMES) -> None:
        """Add a file of at least so many bytes. Its content follows from a seed: it needn't be drawn byte for byte."""
        path = self._free_path(name)
        size = max(least, self.draw(st.sampled_from(_SIZES) | st.integers(0, 65_536)))
        seed = self.draw(st.integers(0, 255))
        content = hashlib.shake_128(b"%d" % seed).digest(size) if seed else bytes(size)
        self._put(path, "file", content=content)

    def _add_twin(self) -> None:
        """Add a file that equals another in everything, but is a different file."""
        twin = self._any("file")
        path = self._free_path(NAMES)
        self.entries[path], self.contents[path] = replace(self.entries[twin], path=path), self.contents[twin]
        self.groups.append({path})

    def _add_hard_link(self) -> None:
        other = self._any("file")
        path = self._free_path(NAMES)
        self.entries[path], self.contents[path] = replace(self.entries[other], path=path), self.contents[other]
        next(group for group in self.groups if other in group).add(path)

    def _add_symlink(self) -> None:
        """Add a link that leads to an entry of the tree, or nowhere."""
        path, to = self._free_path(NAMES), self._any("file", "directory", "symlink")
        target = self.draw(st.sampled_from((b"../" * path.count(b"/") + to, b"nowhere\n")))
        self._put(path, "symlink", target=target)

    def _add_directory(self) -> None:
        self._put(self._free_path(NAMES), "directory")

    def _any(self, *kinds: str) -> bytes:
        return self.draw(st.sampled_from([path for path, entry in self.entries.items() if entry.kind in kinds]))

    def _free_path(self, name: st.SearchStrategy[bytes]) -> bytes:
        folder = self._any("directory")
        return self.draw(name.map(lambda name: below(folder, name)).filter(lambda path: path not in self.entries))

    def _put(self, path: bytes, kind: str, *, content: bytes = b"", target: bytes = b"") -> None:
        digest = hashlib.sha256(content).hexdigest() if kind == "file" else ""
        uid, gid = (self._owner(own) for own in (os.getuid(), os.getgid()))
        mtime = self.draw(_TIMES)
        self.entries[path] = Entry(path, kind, len(content), digest, self._mode(kind), uid, gid, mtime, target)
        if kind == "file":
            self.contents[path] = content
            self.groups.append({path})

    def _owner(self, own: int) -> int:
        return self.draw(st.sampled_from(_OWNERS) | st.integers(0, 2**32 - 2)) if self.privileged else own

    def _mode(self, kind: str) -> int:
        """Draw the permission bits; a link has none of its own, and without privileges one's own are needed."""
        if kind == "symlink":
            return 0o777
        needed = 0 if self.privileged else 0o700 if kind == "directory" else 0o600
        return self.draw(st.integers(0, 0o7777)) | needed
