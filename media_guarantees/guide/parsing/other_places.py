"""What carries a copy that is there already to another machine or a repository, or fetches it from there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from media_guarantees.guide.parsing.docker_commands import Call, program, read_mounts

REMOTE = re.compile(r"[\w@.-]+:(?!//).*|(?:rsync|sftp|s3|gs|b2)://.*")
"""A place on another machine, as rclone and rsync name it."""

_CARRIERS = {
    "scp", "sftp", "lftp", "ftp", "aws", "s3cmd", "gsutil", "gcloud", "azcopy", "az", "b2", "mc", "restic", "rustic",
    "borg", "kopia", "duplicity", "rdiff-backup",
}  # fmt: skip
_WHERE_REMOTE = {"rsync", "rclone"}
_NAME = re.compile(r"\w[\w-]+")
_NO_NAMES = {"pwd", "PWD", "home", "HOME", "var", "opt", "srv", "mnt", "root", "tmp", "tar", "gz", "date"}


def carries_elsewhere(call: Call, copies: Sequence[Call]) -> bool:
    """Whether a call takes what one of the calls in `copies` made to another place, or brings what one of them reads.

    Both name the same folder or file of this machine. What is done over `ssh` is done on another machine anyway.
    """
    name = program(call[0])
    values = [word.value for word in call[1:]]
    if name == "ssh":
        return True
    if name not in _CARRIERS and not (name in _WHERE_REMOTE and any(map(REMOTE.fullmatch, values))):
        return False
    places = [value.rstrip("/").split("/") for value in values if not REMOTE.fullmatch(value)]
    last = [part for parts in places for part in parts[-2 if "." in parts[-1] else -1 :]]  # a file with its folder
    here = {part for value in last for part in _NAME.findall(value)}
    return bool(here & {part for copy in copies for part in _names_here(copy)})


def _names_here(copy: Call) -> set[str]:
    """The names in the folders of this machine that a copy mounts, and in the files that it names."""
    mounted = [mount.source for mount in read_mounts(copy) if not mount.is_named_volume]
    files = [word.value.rpartition("/")[2] for word in copy if re.search(r"\.t[\w.]+$", word.value)]
    return {part for value in (*mounted, *files) for part in _NAME.findall(value)} - _NO_NAMES
