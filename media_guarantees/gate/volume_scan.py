"""The manifest of a live volume, to which people upload while it is read.

GNU tools list it in a container that mounts it read-only. With a million files, parsing each entry would cost too much
memory: an entry stays the line that was read, and is parsed only where two lines differ.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

from media_guarantees.core import journal
from media_guarantees.core.text import nanoseconds
from media_guarantees.media.container_listing import KINDS
from media_guarantees.media.manifest import Entry, Manifest, printable
from media_guarantees.media.stable_scan import IncompleteListing
from media_guarantees.system import commands

# find's manual explains its directives under "Format Directives"; no path that it prints holds "//".
# Directories' size and times are ignored: every upload changes them.
# Each worker stats its files before and after hashing them. The workers run in parallel, so that on two processors the
# manifest takes hardly longer than the hashes alone. They print in turns, or their lines would be mixed.
_SCRIPT = r"""
set -o pipefail
export LC_ALL=C notes of_file='%p//%y %s %m %U %G %T@ %C@ %n %D:%i %l\0'
of_directory='%p//d 0 %m %U %G 0 0 1 0:0 \0'
notes=$(mktemp -d) || exit
cat > "$notes/given"
read_contents() {
    xargs -0 -r -P "$(nproc)" sh -c '
        mine="$notes/$$"
        {
            find "$@" -maxdepth 0 -printf "$of_file" > "$mine.before"
            sha256sum -z -- "$@" > "$mine.contents"
            find "$@" -maxdepth 0 -printf "$of_file" > "$mine.after"
        } 2>> "$notes/errors"
        cmp -s "$mine.before" "$mine.after" || sort -z "$mine.before" "$mine.after" | uniq -zu > "$mine.moving"
        {
            flock 9
            printf "seen\0" && cat "$mine.before"
            printf "contents\0" && cat "$mine.contents"
            [ ! -e "$mine.moving" ] || { printf "moving\0" && cat "$mine.moving"; }
        } 9> "$notes/turn"
        rm "$mine".*' sh
}
others() {
    find . "$@" -type d -fprintf "$notes/others" "$of_directory" -o -fprintf "$notes/others" "$of_file" \
        2>> "$notes/errors" || ended_well "$?"
}
# Status 1 is no failure: a file that vanishes under find is one. What find has to say of any other error is kept above.
ended_well() { [ "$1" -le 1 ] || echo "find: ended with status $1" >> "$notes/errors"; }
printf 'scan 1\0'
case $1 in
    everything) others -type f -print0 -o | read_contents ;;
    given) others; read_contents < "$notes/given" ;;
    nothing) others ;;
esac
printf 'others\0' && cat "$notes/others"
printf 'errors\0' && cat "$notes/errors"
printf '\0complete\0'
"""

EVERYTHING, GIVEN, NOTHING = "everything", "given", "nothing"
ROUNDS = 3  # how often what changed while it was read is looked at again
STALL_SECONDS = 1800.0  # a hundred gigabytes in one file take ten minutes
_REPORT_SECONDS = 5.0
_PIECE = 1 << 20
_GONE = b": No such file or directory"

Helper = Callable[[Sequence[str]], list[str]]
"""Makes the command that runs a program, with standard input, in a container whose working directory is the volume."""
Choice = Callable[["VolumeScan"], Collection[bytes]]


@dataclass
class VolumeScan:
    """What is in a volume: the line of each path, and the paths that never stopped changing.

    A line is ``<sha256, or -> <kind> <size> <mode> <uid> <gid> <mtime> <ctime> <links> <inode> <target>``, as find and
    sha256sum print them.
    """

    entries: dict[bytes, bytes] = field(default_factory=dict)
    unstable: set[bytes] = field(default_factory=set)

    @property
    def files(self) -> list[bytes]:
        """The paths of the regular files, in order."""
        return sorted(path for path, line in self.entries.items() if is_file(line))

    def manifest(self, *, without: Collection[bytes] = ()) -> Manifest:
        """Return the manifest of what held still, but for the paths `without`."""
        left_out = self.unstable.union(without)
        return Manifest({path: entry_of(path, line) for path, line in self.entries.items() if path not in left_out})

    def add_stat(self, record: bytes) -> None:
        """Add what find printed about a path."""
        path, line = _parted(record)
        self.entries[path] = b"- " + line

    def add_stat_if_absent(self, record: bytes) -> None:
        """Add what find printed about a path, unless a worker has a later stat of it."""
        path, line = _parted(record)
        self.entries.setdefault(path, b"- " + line)

    def add_hash(self, hashed: bytes) -> None:
        """Add the hash of a path that is known."""
        if hashed[64:68] not in (b"  ./", b" *./"):
            raise IncompleteListing(f"the scan holds a damaged hash: {hashed!r}")
        if hashed[68:] in self.entries:
            self.entries[hashed[68:]] = hashed[:64] + self.entries[hashed[68:]][1:]

    def mark_unstable(self, record: bytes) -> None:
        """Mark a path whose stat changed while it was hashed."""
        self.unstable.add(_parted(record)[0])

    def unread(self, wanted: Collection[bytes]) -> set[bytes]:
        """Return the files among `wanted` that exist and were not hashed."""
        return {path for path in wanted if self.entries.get(path, b"").startswith(b"- f")}

    @property
    def hashed(self) -> int:
        """How many contents were hashed."""
        return sum(not line.startswith(b"- ") for line in self.entries.values())


def is_file(line: bytes) -> bool:
    """Whether a line describes a regular file."""
    return line.startswith(b"f ", line.index(b" ") + 1)


def entry_of(path: bytes, line: bytes) -> Entry:
    """Parse a line."""
    sha256, kind, size, mode, uid, gid, mtime, _, _, _, target = line.split(b" ", 10)
    length = int(size) if kind == b"f" else 0
    digest = sha256.decode().removeprefix("-")
    numbers = (int(mode, 8), int(uid), int(gid), nanoseconds(mtime))
    return Entry(path, KINDS[kind], length, digest, *numbers, target)


def scan_volume(helper: Helper, env: Mapping[str, str], *, choose: Choice | None = None) -> VolumeScan:
    """Scan the volume that `helper` reaches. With `choose`, only the contents of the files that it names are read.

    Files that change during the scan are read again, up to `ROUNDS` times; those that still change are unstable. Raises
    `IncompleteListing` if something could not be read.
    """
    if choose is None:
        scan = scan_once(helper, env, EVERYTHING)
        wanted = {path for path, line in scan.entries.items() if is_file(line)}
    else:
        wanted = {*choose(scan_once(helper, env, NOTHING))}
        scan = scan_once(helper, env, GIVEN, wanted)
    for _ in range(ROUNDS):
        suspects = scan.unstable | scan.unread(wanted)
        if not suspects:
            break
        again = scan_once(helper, env, GIVEN, suspects)
        for path in suspects:
            scan.entries.pop(path, None)
        scan.entries.update((path, again.entries[path]) for path in suspects & again.entries.keys())
        scan.unstable = again.unstable
    if unread := scan.unread(wanted) - scan.unstable:
        raise IncompleteListing(
            f"{len(unread)} files could not be read, such as {', '.join(map(printable, sorted(unread)[:5]))}"
        )
    return scan


def scan_once(helper: Helper, env: Mapping[str, str], which: str, given: Iterable[bytes] = ()) -> VolumeScan:
    """Look at the volume once, and read the contents of `which` of its files. Raises `IncompleteListing`."""
    args = helper(["bash", "-c", _SCRIPT, "scan", which])
    with (
        journal.timed("command", f"scan of {which}: {commands.in_words(args[:-4])} …") as event,
        _listed(given) as list_,
    ):
        with subprocess.Popen(
            args, env=dict(env), stdin=list_, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        ) as process:
            try:
                scan = read_scan(_fields(process))
            except BaseException:
                commands.end_group(process)
                raise
        event.status = process.returncode
    return scan


@contextmanager
def _listed(paths: Iterable[bytes]) -> Iterator[IO[bytes]]:
    """Yield a temporary file that lists `paths`, relative to the volume's root."""
    with tempfile.TemporaryFile() as file:
        file.writelines(b"./%s\0" % path for path in paths)
        file.seek(0)
        yield file


def _fields(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Yield each field of a helper's output. Raises `IncompleteListing` if the helper failed."""
    complaint: list[bytes] = []
    rest = b""
    for piece in _pieces(process, complaint):
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole
    if rest or process.wait():
        complaints = b"".join(complaint).decode(errors="replace").strip()
        raise IncompleteListing(f"the helper container ended with status {process.wait()}: {complaints}")


def _pieces(process: subprocess.Popen[bytes], complaint: list[bytes]) -> Iterator[bytes]:
    """Yield standard output as it comes; collect standard error."""
    with selectors.DefaultSelector() as selector:
        for stream in filter(None, (process.stdout, process.stderr)):
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            if not (ready := selector.select(STALL_SECONDS)):
                raise IncompleteListing(f"the helper container said nothing for {STALL_SECONDS:g} s")
            for key, _ in ready:
                piece = os.read(key.fd, _PIECE)
                if not piece:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stdout:
                    yield piece
                else:
                    complaint.append(piece)


def read_scan(fields: Iterator[bytes]) -> VolumeScan:
    """Parse a helper's output. Raises `IncompleteListing` if it is cut off or reports errors."""
    if next(fields, b"") != b"scan 1":
        raise IncompleteListing("the scan has no beginning: " + ", ".join(map(printable, fields)))
    scan, progress = VolumeScan(), _Progress()
    read = {
        b"seen": scan.add_stat,
        b"contents": scan.add_hash,
        b"moving": scan.mark_unstable,
        b"others": scan.add_stat_if_absent,
    }
    part = b""
    for record in fields:
        # The name of a part can't be taken for a record, which begins with "." or is a hash.
        if record in read:
            part = record
            progress.report(scan)
        elif record == b"errors":
            break
        elif part:
            read[part](record)
    errors, end = next(fields, b""), next(fields, b"")
    if end != b"complete":
        raise IncompleteListing(f"the scan is cut off after its part {part.decode()!r}")
    # A file that vanished during the scan is no error: people delete pictures.
    if complaints := [line for line in errors.splitlines() if not line.endswith(_GONE)]:
        complaint = b"\n".join(complaints[:5]).decode(errors="replace")
        raise IncompleteListing(f"something couldn't be read: {complaint}")
    return scan


class _Progress:
    """Reports, every few seconds, how many contents were hashed."""

    def __init__(self) -> None:
        self._reported = time.monotonic()

    def report(self, scan: VolumeScan) -> None:
        """Report the progress, unless that was done a moment ago."""
        if time.monotonic() - self._reported > _REPORT_SECONDS:
            self._reported = time.monotonic()
            journal.progress(f"manifest: {scan.hashed:,} contents read")


def _parted(record: bytes) -> tuple[bytes, bytes]:
    """Return the path of a record, relative to the root and `ROOT` itself, and the rest of it."""
    end = record.find(b"//")
    if end < 1:
        raise IncompleteListing(f"the scan holds a damaged record: {record!r}")
    return record[2:end] or b".", record[end + 2 :]
