"""Unusual file-system entries, planted in the volume under test to expose backups that lose them.

Uploads create plain files of one owner. Years of use add links, other owners and modes, and names that are not valid
text. All planted entries are in one folder of the suite.
"""

from __future__ import annotations

from dataclasses import replace

from media_guarantees.core import journal
from media_guarantees.deployment.stack import Stack
from media_guarantees.media.awkward_names import NASTY_NAMES
from media_guarantees.media.manifest import Entry, Manifest

FOLDER = b"media-verify"
FOREIGN_OWNER = "4242:4343"
KINDS = (
    "relative, dangling and absolute symbolic links",
    "hard links",
    "an empty file and an empty directory",
    "a sparse file",
    "modes 0400 and 2775",
    "a foreign owner",
    f"{len(NASTY_NAMES)} names as bytes",
)

# $1 is the folder, $2 the service's user, $3 a foreign one; names are on standard input, each ended by NUL.
_PLANT = r"""
set -e
rm -rf -- "./$1"
mkdir -- "./$1"
cd -- "./$1"
printf plain > file
ln file 'hard link'
ln -s file relative
ln -s nowhere dangling
ln -s /etc/passwd absolute
: > empty
mkdir 'empty directory' shared
printf 'in a shared directory' > shared/file
truncate --size=1M sparse
printf end >> sparse
printf 'only to be read' > read-only
printf "somebody else's" > foreign
mkdir names
while IFS= read -r -d '' name; do printf '%s' "$name" > "names/$name"; done
chown --recursive --no-dereference "$2" .
chown "$3" foreign
chmod 0400 read-only
chmod 2775 shared
find . -mindepth 1 -exec touch --no-dereference --date=@1500000000 -- {} +
"""
_PATHS = frozenset(
    FOLDER + b"/" + name
    for name in (
        *(b"file", b"hard link", b"relative", b"dangling", b"absolute", b"empty", b"empty directory", b"shared"),
        *(b"shared/file", b"sparse", b"read-only", b"foreign", *(b"names/" + name for name in NASTY_NAMES)),
    )
)

_SHARED = 0o2775
_TAKEN_AWAY = 0o7022  # set-user-id, set-group-id and sticky, and what others may write
_HARD_LINKS = frozenset({FOLDER + b"/file", FOLDER + b"/hard link"})


def are_planted(manifest: Manifest) -> bool:
    """Whether everything that is planted is there, and links are still links: a restore may have flattened them."""
    kinds = {entry.path.removeprefix(FOLDER + b"/"): entry.kind for entry in manifest.entries.values()}
    are_links = all(kinds.get(name) == "symlink" for name in (b"relative", b"dangling", b"absolute"))
    if not manifest.entries.keys() >= _PATHS:
        return False
    return are_links and _HARD_LINKS in manifest.links and manifest.entries[FOLDER + b"/shared"].mode == _SHARED


def plant(stack: Stack) -> None:
    """Plant every entry in the volume of `stack`, replacing what is left of earlier ones."""
    names = b"".join(name + b"\0" for name in NASTY_NAMES)
    stack.media.shell(_PLANT, FOLDER.decode(), stack.service_container.user(), FOREIGN_OWNER, stdin=names)
    journal.add_evidence(f"beside media, the volume holds in {FOLDER.decode()}/: {', '.join(KINDS)}")


def remove_planted(stack: Stack) -> None:
    """Remove the planted entries, for commands of the service's user that must work on every file."""
    stack.media.shell('rm -rf -- "./$1"', FOLDER.decode())


def is_planted(path: bytes) -> bool:
    """Whether a path belongs to the planted entries, also to a copy that a guide's restore leaves elsewhere."""
    return FOLDER in path.split(b"/")


def with_owners_taken_over(before: Manifest, after: Manifest) -> Manifest:
    """Return `before` with the owners that planted entries have in `after`, where that is the service's user.

    Some services change the owner of all their media when they start: that is allowed, and loses nothing. What such a
    user unpacks lacks special bits of a mode, and those that the usual umask takes away (tar(1), "-p").
    """
    folder = before.entries.get(FOLDER)
    entries = {path: _taken_over(entry, after.entries.get(path), folder) for path, entry in before.entries.items()}
    return Manifest(entries, before.links)


def _taken_over(before: Entry, after: Entry | None, folder: Entry | None) -> Entry:
    if folder is None or after is None or not is_planted(before.path) or after.uid != folder.uid:
        return before
    is_unpacked = after.mode | (before.mode & _TAKEN_AWAY) == before.mode
    return replace(before, uid=after.uid, gid=after.gid, mode=after.mode if is_unpacked else before.mode)
