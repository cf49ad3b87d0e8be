"""How a printed command line takes media out of a deployment, or brings them back, in the shapes that guides use.

`docker run … tar` with a folder of the host, a `tar` that writes to a file by a redirection or a pipe, in a container
or on the volume's own directory, `docker cp`, a backup service of the compose file, a target of a Makefile, a copy in a
cloud's bucket, and programs such as restic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import basename, join, normpath

from media_guarantees.guide.parsing.docker_commands import (
    Call,
    compose_verb,
    docker_verb,
    nested_calls,
    program,
    read_mounts,
    read_tars,
)
from media_guarantees.guide.parsing.inner_programs import BACK, OUT, is_database
from media_guarantees.guide.parsing.other_places import REMOTE
from media_guarantees.guide.parsing.shell_words import Command, read_commands

VOLUMES_FOLDER = re.compile(r"/var/lib/docker/volumes/(?P<volume>[^/\s\"']+)/_data")
_CONTAINER_PATH = re.compile(r"(?:\$\([^()]*\)|[\w.${}()\"'-])+:/.*", re.DOTALL)
# The direction of each verb of a program that stores copies in its own format.
_PROGRAMS = {
    ("restic", "backup"): OUT, ("restic", "restore"): BACK, ("borg", "create"): OUT, ("borg", "extract"): BACK,
    ("borgmatic", "create"): OUT, ("borgmatic", "extract"): BACK, ("kopia", "snapshot"): OUT,
    ("kopia", "restore"): BACK,
    ("duplicity", "backup"): OUT, ("duplicity", "full"): OUT, ("duplicity", "incremental"): OUT,
    ("duplicity", "incr"): OUT, ("duplicity", "restore"): BACK, ("rustic", "backup"): OUT, ("rustic", "restore"): BACK,
    ("autorestic", "backup"): OUT, ("autorestic", "restore"): BACK, ("rdiff-backup", "backup"): OUT,
    ("rdiff-backup", "restore"): BACK,
}  # fmt: skip
_COPIERS = {"rsync", "rclone"}
# Programs that do what a target of their own is called.
_RUNNERS = {"make", "just", "task", "invoke", "rake", "npm", "yarn", "pnpm", "composer"}
# A variable that a guide doesn't set: what it mounts may be a volume, unless it is called like a folder.
_VARIABLE = re.compile(r"\$\{?(?!PWD\b|HOME\b)(?!\w*(?:DIR|PATH|FOLDER)\w*\b)\w+\}?", re.IGNORECASE)
# A file that only the program which wrote it reads, and one that holds a database or the settings.
_OTHER_FILE = re.compile(r"\.(?:zip|7z|rar|zpaq|wpress|gz|xz|bz2|zst|enc|gpg|age)$", re.IGNORECASE)
_NO_MEDIA = re.compile(
    r"\.(?:(?:sql|dump|rdb|json|csv)(?:\.\w+)?|db|sqlite3?|env|ya?ml|toml|ini|conf|cfg|php|py|key|pem|crt|log|xml)$"
    r"|(?:^|/)\.env[\w.]*$",
    re.IGNORECASE,
)
# The address of a bucket at a cloud provider.
_BUCKET = re.compile(r"(?:s3|gs|b2|azure|swift)://")
_ENCRYPTED = re.compile(r"\.(?:enc|gpg|pgp|age|asc|aes)$")
_ARCHIVE = re.compile(r"\.(?:tar(?:\.\w+)?|t[abgx]z2?|tzst)$")
_SERVICE_PROGRAM = re.compile(r"(?:.*/)?(?P<way>back[-_]?up|restore)(?:\.sh)?")


@dataclass(frozen=True)
class Transfer:
    """`direction` is `OUT` or `BACK`. `host_path` is the archive or folder on the host, as printed, or "" if unknown.

    `kind` is "archive", "folder", "other" for what only the program that made it can read, or "effect" where only
    running it shows what it makes.
    """

    direction: str
    host_path: str
    kind: str


def read_transfer(command: Command, calls: list[Call]) -> Transfer | None:
    """Recognise the first transfer in a command line, of which the `calls` are without what only sets the scene."""
    if any(is_database(call) for call in calls):
        return None
    for call in calls:
        found = next(_transfers(command, call), None)
        if found:
            return found
    return None


def _transfers(command: Command, call: Call) -> Iterator[Transfer]:
    yield from _by_tar(command, call)
    yield from _by_copy(command, call)
    yield from _by_service(call)
    yield from _by_target(call)
    yield from _by_bucket(call)
    yield from _by_program(call)


def _by_tar(command: Command, call: Call) -> Iterator[Transfer]:
    is_inside = docker_verb(call) in {"run", "exec"} or compose_verb(call) in {"run", "exec"}
    on_volume = not is_inside and VOLUMES_FOLDER.search(" ".join(word.value for word in call))
    if not (is_inside or on_volume):
        return
    for tar in read_tars(call):
        archive = tar.archive if tar.archive not in (None, "-") else None
        if tar.mode == "create":
            host_path = archive if archive and (on_volume or _is_on_host(archive, call)) else ""
            host_path = host_path or ("" if archive else _written(command, call))
            if host_path:
                yield Transfer(OUT, host_path, kind_of(host_path))
        elif tar.mode == "extract" and _goes_into_a_volume(call):
            host_path = archive or _read(command) or _read_inside(call)
            yield Transfer(BACK, host_path, kind_of(host_path))


def kind_of(host_path: str) -> str:
    """Return the kind of what a `tar` is written to or read from: only the program that encrypted it reads that."""
    return "other" if _ENCRYPTED.search(host_path) else "archive"


def _goes_into_a_volume(call: Call) -> bool:
    """Whether an extraction is one into media: a check that extracts to a scratch folder mounts no volume."""
    if docker_verb(call) != "run" or compose_verb(call):
        return True
    mounts = list(read_mounts(call))
    inherits = any(word.value.startswith("--volumes-from") for word in call)
    is_volume = bool(mounts) and (mounts[0].is_named_volume or bool(_VARIABLE.fullmatch(mounts[0].source)))
    return inherits or not mounts or len({mount.target for mount in mounts}) > 1 or is_volume


def _is_on_host(archive: str, call: Call) -> bool:
    """Whether the archive's name is under a directory of the host that the command mounts."""
    from_host = [mount for mount in read_mounts(call) if mount.source and not mount.is_named_volume]
    return any(archive.startswith(mount.target.rstrip("/") + "/") for mount in from_host)


def _written(command: Command, call: Call) -> str:
    """The file that what a `tar` writes to its output ends in: by the line's redirection, or by one in a `sh -c`."""
    for inner in _inner_lines(call):
        written = [each.target.value for each in inner.redirections if each.operator in {">", ">>", ">|"}]
        written += [inner_call[-1].value for inner_call in inner.calls if program(inner_call[0]) == "tee"]
        if found := next((name for name in written if _is_on_host(name, call)), ""):
            return found
    outer = [each.target.value for each in command.redirections if each.operator in {">", ">|"}]
    return next((name for name in outer if not name.startswith("/dev/")), "")


def _read(command: Command) -> str:
    """The file that a `tar` which reads its input is given: by a redirection, or by the first program of a pipe."""
    read = [each.target.value for each in command.redirections if each.operator == "<"]
    first = [word.value for word in command.calls[0][1:] if not word.value.startswith("-")] if command.calls else []
    return next(iter(read), first[-1] if first and program(command.calls[0][0]) != "docker" else "")


def _read_inside(call: Call) -> str:
    """The file on the host that a pipe within a `sh -c` begins with, as in `zstd -dc FILE | tar x`."""
    words = (word.value for inner in nested_calls(call) for word in inner)
    return next((word for word in words if _is_on_host(word, call)), "")


def _inner_lines(call: Call) -> Iterator[Command]:
    for word in call:
        if " " in word.value:
            yield from read_commands(word.value)


def _by_copy(command: Command, call: Call) -> Iterator[Transfer]:
    if docker_verb(call) != "cp" and compose_verb(call) != "cp":
        return
    names = [word.value for word in call if word.value == "-" or not word.value.startswith("-")][-2:]
    inside = [bool(_CONTAINER_PATH.fullmatch(name)) for name in names]
    if sorted(inside) != [False, True] or any(_NO_MEDIA.search(name.rstrip("/")) for name in names):
        return
    direction, name = (OUT, names[1]) if inside[0] else (BACK, names[0])
    if name == "-":  # a tar archive, as `docker cp` has it
        yield Transfer(direction, _written(command, call) if direction == OUT else _read(command), "archive")
    elif any(_ARCHIVE.search(each) for each in names):
        into_folder = direction == OUT and not _ARCHIVE.search(name)
        yield Transfer(direction, normpath(join(name, basename(names[0]))) if into_folder else name, "archive")
    elif any(_OTHER_FILE.search(each) for each in names):
        yield Transfer(direction, name, "other")
    else:
        yield Transfer(direction, name, "folder")


def _by_service(call: Call) -> Iterator[Transfer]:
    if compose_verb(call) not in {"run", "exec"}:
        return
    words = [word.value for word in call]
    after = words[words.index(compose_verb(call) or "") + 1 :]
    named = [_SERVICE_PROGRAM.fullmatch(word) for word in after if ":" not in word]
    if found := [each["way"] for each in named if each]:  # the service comes first, what it is to do last
        yield Transfer(BACK if found[-1] == "restore" else OUT, "", "other")


def _by_target(call: Call) -> Iterator[Transfer]:
    if call and program(call[0]) in _RUNNERS:
        named = filter(None, (_SERVICE_PROGRAM.fullmatch(word.value.rpartition(":")[2]) for word in call[1:]))
        for found in named:
            yield Transfer(BACK if found["way"] == "restore" else OUT, "", "effect")


def _by_bucket(call: Call) -> Iterator[Transfer]:
    """A copy of a volume that is mounted for it, to or from where a program of a cloud's keeps files."""
    if docker_verb(call) == "run" and any(mount.is_named_volume for mount in read_mounts(call)):
        places = [word.value for word in call if not word.value.startswith("-")][-2:]
        if any(_BUCKET.match(place) for place in places):
            yield Transfer(OUT if _BUCKET.match(places[-1]) else BACK, "", "other")


def _by_program(call: Call) -> Iterator[Transfer]:
    for words in (call, *nested_calls(call)):
        values = [program(word) for word in words]
        for (name, verb), direction in _PROGRAMS.items():
            if name in values and verb in values:
                yield Transfer(direction, "", "other")
        if {*_COPIERS, "cp"} & set(values) and docker_verb(call) == "run":
            named = [mount.target for mount in read_mounts(call) if mount.is_named_volume]
            places = [word.value for word in words if word.value.startswith("/")][-2:]
            if len(named) == 1 and len(places) == 2:
                goes_out = places[0].startswith(named[0])
                yield Transfer(OUT if goes_out else BACK, places[1 if goes_out else 0], "folder")
        elif {*_COPIERS, "cp"} & {program(word) for word in words[:1]}:
            yield from _on_the_volume(words)


def _on_the_volume(call: Call) -> Iterator[Transfer]:
    """A copy between the volume's own directory and another folder of the host."""
    places = [word.value for word in call[1:] if not word.value.startswith("-")][-2:]
    on_volume = [bool(VOLUMES_FOLDER.search(place)) for place in places]
    if sorted(on_volume) == [False, True]:
        direction, place = (OUT, places[1]) if on_volume[0] else (BACK, places[0])
        is_remote = bool(REMOTE.fullmatch(place))
        yield Transfer(direction, "" if is_remote else place, "other" if is_remote else "folder")
