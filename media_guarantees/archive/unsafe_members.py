"""What an archive that is whole may still do to whoever restores it: write elsewhere, or bring more than files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from media_guarantees.archive.tar_header import Member, Problem, normalised
from media_guarantees.media.manifest import ROOT, printable

_MOST_HOPS = 40  # as many symbolic links as Linux follows on one path (path_resolution(7))
_MOST_PARTS = 4096  # of a way through them; no honest one is as long
_MOST_PROBLEMS = 1000  # of one rule: nobody reads more, and an archive could hold millions


def problems(members: Sequence[Member]) -> tuple[Problem, ...]:
    """Find every way in which restoring these members could do harm, with up to a thousand members for each."""
    rules = (outside_names, special_kinds, set_id_bits, repeated, dangling_hard_links, through_links, leading_out)
    return tuple(problem for rule in rules for problem in islice(rule(members), _MOST_PROBLEMS))


def outside_names(members: Sequence[Member]) -> Iterator[Problem]:
    """Find names that aren't below the place of the restoration."""
    for member in members:
        if member.name.startswith(b"/"):
            yield Problem("unsafe name", member.name, "an absolute name would be restored elsewhere")
        elif b".." in member.name.split(b"/"):
            yield Problem("unsafe name", member.name, "a name with .. in it would be restored elsewhere")
        elif member.path == ROOT and member.kind != "directory":
            yield Problem("unsafe name", member.name, f"a {member.kind} would take the place of the whole volume")


def special_kinds(members: Sequence[Member]) -> Iterator[Problem]:
    """Find what isn't a file, a directory or a link."""
    for member in members:
        if member.kind in ("character device", "block device", "fifo"):
            yield Problem("special file", member.name, f"a {member.kind} has no place among media")


def set_id_bits(members: Sequence[Member]) -> Iterator[Problem]:
    """Find files that run as their owner or group; on a directory the bits only hand on its group."""
    for member in members:
        if member.kind == "file" and member.mode & 0o6000:
            yield Problem("set-id bits", member.name, f"mode {member.mode:04o} would run it as its owner or group")


def repeated(members: Sequence[Member]) -> Iterator[Problem]:
    """Find members of one name, of which the last would win."""
    seen: set[bytes] = set()
    for member in members:
        if member.path in seen:
            yield Problem("duplicate", member.name, "an earlier member has this name too, and would be overwritten")
        seen.add(member.path)


def dangling_hard_links(members: Sequence[Member]) -> Iterator[Problem]:
    """Find hard links to what the archive doesn't hold before them: they would reach whatever is there."""
    earlier: set[bytes] = set()
    for member in members:
        if member.kind == "hard link" and (member.target.startswith(b"/") or normalised(member.target) not in earlier):
            target = printable(member.target)
            yield Problem("unsafe link", member.name, f"a hard link to {target}, which isn't in the archive before it")
        if member.kind != "directory":
            earlier.add(member.path)


def through_links(members: Sequence[Member]) -> Iterator[Problem]:
    """Find members below a name that isn't a directory's: a symbolic link there would lead them elsewhere."""
    kinds = {member.path: member.kind for member in members if member.kind != "directory"}
    clear = {b""}  # directories that are known to be below directories only
    for member in members:
        above = folder = member.path.rpartition(b"/")[0]
        while above not in clear and above not in kinds:
            above = above.rpartition(b"/")[0]
        if above in kinds:
            yield Problem("through link", member.name, f"it is below {printable(above)}, a {kinds[above]}")
        else:
            clear.add(folder)


def leading_out(members: Sequence[Member]) -> Iterator[Problem]:
    """Find symbolic links that, followed through the archive's own links, end outside the volume."""
    links: dict[bytes, bytes] = {}
    for member in members:
        if member.kind == "symlink":
            links[member.path] = member.target
        elif member.kind == "hard link" and normalised(member.target) in links:
            links[member.path] = links[normalised(member.target)]  # read from where it is, it may lead elsewhere
    for member in members:
        if member.path in links and _leads_out(member.path, links):
            target = printable(links[member.path])
            yield Problem("unsafe link", member.name, f"a symbolic link to {target}, outside the volume")


def _leads_out(link: bytes, links: Mapping[bytes, bytes]) -> bool:
    place: list[bytes] = []
    ahead = link.split(b"/")[::-1]
    hops = parts = 0
    while ahead:
        part = ahead.pop()
        parts += 1
        if parts > _MOST_PARTS:
            return True
        if part == b"..":
            if not place:
                return True
            place.pop()
        elif part not in (b"", b"."):
            place.append(part)
            target = links.get(b"/".join(place))
            if target is not None:
                hops += 1
                if target.startswith(b"/"):
                    return True
                if hops > _MOST_HOPS:
                    return False  # a circle, which nobody can follow
                place.pop()
                ahead += target.split(b"/")[::-1]
    return False
