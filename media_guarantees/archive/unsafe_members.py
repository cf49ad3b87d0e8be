"""What an archive that is whole can still do when it is restored: write elsewhere, or bring more than files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from media_guarantees.archive.prefix import below
from media_guarantees.archive.problem import Problem
from media_guarantees.archive.tar_header import Member, normalised
from media_guarantees.media.manifest import ROOT, printable

_MOST_HOPS = 40  # as many symbolic links as Linux follows on one path (path_resolution(7))
_MOST_STEPS = 1 << 17  # that are taken along names, over all members, and so many more for each member
_STEPS_EACH = 40
_MOST_PROBLEMS = 1000  # of one rule: an archive could hold millions


def problems(members: Sequence[Member], prefix: bytes = ROOT) -> tuple[Problem, ...]:
    """Find every way in which restoring these members could do harm, with up to a thousand members for each.

    `prefix` is the directory of the archive that holds the volume: a link that leads out of it leads out of the volume.
    """
    rules = (outside_names, special_kinds, set_id_bits, repeated, dangling_hard_links, through_links)
    found = [problem for rule in rules for problem in islice(rule(members), _MOST_PROBLEMS)]
    return (*found, *islice(leading_out(members, prefix), _MOST_PROBLEMS))


def all_absolute(members: Sequence[Member]) -> bool:
    """Whether every name begins with a slash, as some backup programs write them; `tar` leaves it out at a restore."""
    return bool(members) and all(member.name.startswith(b"/") for member in members)


def outside_names(members: Sequence[Member]) -> Iterator[Problem]:
    """Find names that aren't below the place of the restore."""
    absolute = all_absolute(members)
    for member in members:
        if b".." in member.name.split(b"/"):
            yield Problem("unsafe name", member.name, "a name with .. in it would be restored elsewhere")
        elif member.name.startswith(b"/") and not absolute:
            yield Problem("unsafe name", member.name, "an absolute name would be restored elsewhere")
        elif member.path == ROOT and member.kind != "directory":
            yield Problem("unsafe name", member.name, f"a {member.kind} would take the place of the whole volume")


def special_kinds(members: Sequence[Member]) -> Iterator[Problem]:
    """Find what isn't a file, a directory or a link."""
    for member in members:
        if member.kind in ("character device", "block device", "fifo"):
            yield Problem("special file", member.name, f"a {member.kind} has no place among media")


def set_id_bits(members: Sequence[Member]) -> Iterator[Problem]:
    """Find files that run as their owner or group; on a directory the bits only pass its group on."""
    for member in members:
        if member.kind == "file" and member.mode & 0o6000:
            yield Problem("set-id bits", member.name, f"mode {member.mode:04o} would run it as its owner or group")


def repeated(members: Sequence[Member]) -> Iterator[Problem]:
    """Find names that several members have: at a restore the last one would win."""
    seen: set[bytes] = set()
    for member in members:
        if member.path in seen:
            yield Problem("duplicate", member.name, "an earlier member has this name too, and would be overwritten")
        seen.add(member.path)


def dangling_hard_links(members: Sequence[Member]) -> Iterator[Problem]:
    """Find hard links to what the archive doesn't hold before them: they would reach files outside it."""
    earlier: set[bytes] = set()
    absolute = all_absolute(members)
    for member in members:
        outside = member.target.startswith(b"/") and not absolute
        if member.kind == "hard link" and (outside or normalised(member.target) not in earlier):
            target = printable(member.target)
            yield Problem("unsafe link", member.name, f"a hard link to {target}, which isn't in the archive before it")
        if member.kind != "directory":
            earlier.add(member.path)


def through_links(members: Sequence[Member]) -> Iterator[Problem]:
    """Find members below a name that isn't a directory's: a symbolic link there would lead them elsewhere."""
    kinds = {member.path: member.kind for member in members if member.kind != "directory"}
    clear = {b""}  # directories that are known to be below directories only
    steps = _Steps(members)
    for member in members:
        above = folder = member.path.rpartition(b"/")[0]
        while above not in clear and above not in kinds and steps.take():
            above = above.rpartition(b"/")[0]
        if steps.left <= 0:
            yield Problem("through link", member.name, "the names have too many parts to be checked")
            return
        if above in kinds:
            yield Problem("through link", member.name, f"it is below {printable(above)}, a {kinds[above]}")
        else:
            clear.add(folder)


def leading_out(members: Sequence[Member], prefix: bytes = ROOT) -> Iterator[Problem]:
    """Find symbolic links that, followed through the archive's own links, end outside the volume."""
    links = _links(members)
    prefix = prefix.lstrip(b"/") or ROOT
    inside = {path: target for full, target in links.items() if (path := below(prefix, full))}
    steps = _Steps(members)
    for member in members:
        full = member.path.lstrip(b"/")
        if full not in links:
            continue
        path = below(prefix, full)
        if _leads_out(path, inside, steps) if path else _leads_out(full, links, steps):
            target = printable(links[full])
            what = ", outside the volume" if steps.left > 0 else ": there are too many to follow them all"
            yield Problem("unsafe link", member.name, f"a symbolic link to {target}{what}")
        if steps.left <= 0:
            return


def _links(members: Sequence[Member]) -> dict[bytes, bytes]:
    """Return the target of each symbolic link, by its path; a hard link to one is another."""
    links: dict[bytes, bytes] = {}
    for member in members:
        path = member.path.lstrip(b"/")
        if member.kind == "symlink":
            links[path] = member.target
        elif member.kind == "hard link" and (target := normalised(member.target).lstrip(b"/")) in links:
            links[path] = links[target]  # read from where it is, it may lead elsewhere
    return links


class _Steps:
    """A limit on the steps that a rule takes along names: a small archive can demand any number of them."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.left = _MOST_STEPS + _STEPS_EACH * len(members)

    def take(self) -> bool:
        """Take a step; return whether it was not the last one."""
        self.left -= 1
        return self.left > 0


def _leads_out(link: bytes, links: Mapping[bytes, bytes], steps: _Steps) -> bool:
    place: list[bytes] = []
    ahead = link.split(b"/")[::-1]
    hops = 0
    while ahead:
        part = ahead.pop()
        if not steps.take():
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
                    return False  # Linux follows no longer chain, nor a circle
                place.pop()
                ahead += target.split(b"/")[::-1]
    return False
