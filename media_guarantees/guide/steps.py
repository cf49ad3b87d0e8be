"""The steps of a storage guide: recognised by what a command does, kept as it is printed."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from posixpath import join

from media_guarantees.core.text import VOLUME_NAME
from media_guarantees.guide.docker_commands import (
    Call,
    Mount,
    compose_verb,
    docker_verb,
    named_containers,
    program,
    programs_inside,
    read_mounts,
    read_tars,
    unwrapped,
    volumes_asked_for,
)
from media_guarantees.guide.shell_words import PLACEHOLDER, Command, read_commands, read_script
from media_guarantees.guide.transfers import VOLUMES_FOLDER, is_database, read_transfer

PROCEDURES = {
    "migrate": "a command that runs migrate_media.sh",
    "backup": "a `tar` in a container that leaves an archive on the host, `docker cp` out of one, or a backup program",
    "restore": "a `tar` in a container that extracts an archive, `docker cp` into one, or a backup program",
    "permissions": "`docker-compose exec … chmod` or `chown`",
    "inspect": "`docker-compose exec … ls`",
    "restart": "`docker-compose down` followed by `up`, or `docker-compose restart`",
}
"""Each procedure, with what makes a command one; a command that does two is the earlier one."""

_SHELLS = {"bash", "sh", "dash", "ash", "zsh"}
_SHOWS_ONLY = {"--help", "-h", "--dry-run"}
_HOST_PATHS = ("/", ".", "~", "$(pwd)", "${PWD}", "$PWD", "`pwd`", "%cd%")
_STOPS, _STARTS = {"down", "stop"}, {"up", "start"}
_PLAIN_NAME = re.compile(r"[\w.+@%,=-]+")
ARCHIVE_ENDING = re.compile(r"\.(?:tar(?:\.\w+)?|t[abgx]z2?)$")
# A day in an example's name, which a person replaces without instructions: 2026-01-31, 31.01.2026, AAAAMMDD.
_YEAR = "(?:YYYY|AAAA|JJJJ)"
_EXAMPLE_DAY = re.compile(
    r"(?:\d{4}([-_.]?)\d\d\1\d\d(?!\d)|\d\d([-_.]?)\d\d\2\d{4}(?!\d)"
    rf"|{_YEAR}[-_.]?MM[-_.]?(?:DD|JJ|TT)|(?:DD|JJ|TT)[-_.]?MM[-_.]?{_YEAR}|X{{4,}})"
    r"(?:[-_T](?:\d{2}[-_:.]?\d{2}(?:[-_:.]?\d{2})?|[Hh]{2}[-_:.]?[Mm]{2}(?:[-_:.]?[Ss]{2})?)(?![\dA-Za-z]))?"
)
# cron(5): five fields of time before the command, in which a per cent sign is escaped.
_CRONTAB = re.compile(r"^(?:@\w+|(?:[\d*/,-]+[ \t]+){4}[\d*/,-]+)[ \t]+(?=\S)")
_INTERACTIVE = {"nano", "vi", "vim", "less", "more", "top", "htop", "read", "select"}
_FOLLOWS = {"-f", "--follow"}
# What a script calls by a name of its own, where it is told in plain words.
_PLAIN_VALUE = r"(?:[\w./:@%+-]|\$\(date [^()\\\"]*\))+"
_ASSIGNMENT = re.compile(
    rf"^[ \t]*(?:export |readonly |local )?(\w+)=([\"']?)({_PLAIN_VALUE})\2[ \t]*(?:#.*)?$", re.MULTILINE
)


class GuideError(Exception):
    """Something is wrong with the guide; the message says what and where."""


@dataclass(frozen=True)
class Step:
    """One documented command, with where it is written.

    `script` is byte for byte what is printed, without a `$ ` prompt; its lines end in a line feed even where
    the file's end in CRLF, as in a terminal that they are pasted into. `line` counts from 1; `procedure` is
    one of `PROCEDURES`. Where what is printed runs a script of the deployment's, `body` is what that does; where it
    sets variables first, `body` is the same with their values. `kind` is what a backup makes, and a restore reads:
    "archive", "folder", or "other" for what only the program that made it can read. `core` is the one command of a
    sequence that carries the procedure out; empty where it is the whole script.
    """

    source: Path
    line: int
    script: str
    procedure: str
    body: str = ""
    kind: str = "archive"
    core: str = ""

    @property
    def volumes(self) -> tuple[tuple[str, str], ...]:
        """Source and target of each `-v`, `--volume` and `--mount`, as printed; source "" if anonymous."""
        return tuple((mount.source, mount.target) for mount in self._mounts)

    @property
    def reaches_by_name(self) -> bool:
        """Whether it names a container or a project, which on an engine of others may be theirs.

        To ask for the volume that it mounts is not that: `retarget` replaces the name there too.
        """
        mounted = {source for source, _ in self.volumes}
        named = {"-p", "--project-name", "-f", "--file", "--project-directory"}
        return any(
            (
                docker_verb(call) in {"exec", "cp", "volume", "ps", "inspect"}
                and not mounted.intersection(word.raw for word in volumes_asked_for(call))
            )
            or (compose_verb(call) and named & {word.value.partition("=")[0] for word in call})
            for call in _calls(self.script)
        )

    @property
    def archive(self) -> str | None:
        """The name of the archive that the step's `tar` writes or reads, as printed; None without a tar."""
        for command in read_commands(self.body or self.script):
            calls = [unwrapped(call) for call in command.calls]
            if (found := read_transfer(command, calls)) and found.host_path:
                return found.host_path
        tars = [tar for call in _calls(self.body or self.script) for tar in read_tars(call)]
        return next((tar.archive for tar in tars if tar.archive), None)

    def touches(self, media: Collection[str]) -> bool | None:
        """Whether it works on what is called by one of the names in `media`: a volume, a service, a container, a path.

        None where it names nothing, or what only the shell knows.
        """
        named = [source for source, _ in self.volumes if source and not source.startswith(_HOST_PATHS)]
        named += [found["volume"] for found in VOLUMES_FOLDER.finditer(self.body or self.script)]
        if not named and self.kind != "other":  # a backup service has the volume in the compose file
            named = [name for call in _calls(self.body or self.script) for name in named_containers(call)]
        known = [name for name in named if not re.search(r"[$`<{]", name)]
        if any(name in media for name in known):
            return True
        return False if known and len(known) == len(named) else None

    @property
    def placeholder(self) -> str | None:
        """What the guide's reader is to replace, such as `[NAME_OF_THE_FILE]`; None if nothing is."""
        found = self._placeholders
        return found[0].group() if found else None

    def fill(self, archive_stem: str, ending: str = ".tar.gz") -> str:
        """Write an archive's name, given without its `.tar.gz`, where the placeholder is, as a person would.

        What is printed around the placeholder isn't written twice: after a printed `media_backup_` only the
        rest of the name is put, and its ending only where the guide doesn't print one. Without placeholder
        nothing changes.

        Raises:
            ValueError: the stem is no plain name (a shell would read more into it), or doesn't fit the text
                around the placeholder.
        """
        if not _PLAIN_NAME.fullmatch(archive_stem):
            raise ValueError(f"{archive_stem!r} is not a plain name: letters, digits and . _ + @ % , = - only")
        if ARCHIVE_ENDING.search(archive_stem):
            raise ValueError(f"{archive_stem!r} must come without its ending, as in media_backup_20260131")
        script = self.script
        for found in reversed(self._placeholders):  # from the end, so that the offsets before it still hold
            script = script[: found.start()] + self._fitted(found, archive_stem, ending) + script[found.end() :]
        return script

    def retarget(self, volume: str) -> str:
        """Replace the name of the script's named volume by another, and change nothing else.

        That is where it is mounted and, if the script asks first whether it is there, in that question. A script
        that mounts nothing (a Compose command) is returned as it is.

        Raises:
            ValueError: `volume` is no name that Docker accepts.
            GuideError: what is mounted is no named volume (only directories of the host), or several.
        """
        if not VOLUME_NAME.fullmatch(volume):
            raise ValueError(f"{volume!r} is not a name that Docker accepts for a volume")
        named = [mount for mount in self._mounts if mount.is_named_volume]
        names = sorted({mount.source for mount in named})
        if self._mounts and len(names) != 1:
            raise GuideError(
                f"{self.source}:{self.line}: the {self.procedure} command should mount one named volume, "
                f"but mounts {' and '.join(names) or 'none'}: there is no telling which name to replace"
            )
        asked = [word.start for call in _calls(self.script) for word in volumes_asked_for(call) if word.raw in names]
        script = self.script
        # From the end, so that the offsets before it still hold.
        for start in sorted([mount.start for mount in named] + asked, reverse=True):
            script = script[:start] + volume + script[start + len(names[0]) :]
        return script

    @property
    def removes_volumes(self) -> bool:
        """Whether it has Compose delete the volumes, and the media with them."""
        downs = [call for call in _calls(self.body or self.script) if compose_verb(call) == "down"]
        return any({"-v", "--volumes"} & {word.value for word in call} for call in downs)

    @property
    def _mounts(self) -> list[Mount]:
        return [mount for call in _calls(self.body or self.script) for mount in read_mounts(call)]

    @property
    def _placeholders(self) -> list[re.Match[str]]:
        """What a person replaces: what is marked, or else, in the name of the archive to restore, an example's day."""
        marked = list(re.finditer(PLACEHOLDER, self.script))
        if marked or self.procedure != "restore":
            return marked
        names = [(word.start, word.start + len(word.raw)) for call in _calls(self.script) for word in call]
        return [
            found
            for found in _EXAMPLE_DAY.finditer(self.script)
            for begin, end in names
            if begin <= found.start() < end and re.match(r"[^\s/\"']*\.t", self.script[found.end() : end])
        ]

    def _fitted(self, found: re.Match[str], stem: str, ending: str) -> str:
        before = re.split(r"[\s/\"'=:]", self.script[: found.start()])[-1]
        if not stem.startswith(before):
            raise ValueError(
                f"{self.source}:{self.line}: {found.group()} stands after {before!r}, "
                f"with which {stem!r} does not begin"
            )
        is_printed = re.match(r"\.(?:tar|t[abgx]z)", self.script[found.end() :])
        return stem.removeprefix(before) + ("" if is_printed else ending)


@dataclass(frozen=True)
class _Line:
    """A command line of a block: what it does, if that is known, and how."""

    command: Command
    procedure: str | None
    body: str = ""
    kind: str = "archive"


def read_steps(
    block: str, source: Path, first_line: int, folder: Path | None = None, *, as_root: bool = False
) -> Iterator[Step]:
    """Recognise the procedures in the text of one code block, of whose first line the number is given.

    `folder` is where the reader stands: a script in there that a command runs is known by what is in it. A backup or a
    restore is the whole sequence in which it stands, without the commands for other data. `as_root` says that a `# `
    is a prompt.
    """
    lines = [_read_line(command, folder) for command in map(_without_time, read_commands(block, as_root=as_root))]
    for line, following in zip_longest(lines, lines[1:]):
        begin = first_line + block.count("\n", 0, line.command.start)
        is_pair = following and not line.procedure and not following.procedure
        if is_pair and _verbs(line.command) & _STOPS and _verbs(following.command) & _STARTS and _is_alone(lines):
            # One procedure that is printed on two lines.
            yield Step(source, begin, f"{line.command.text}\n{following.command.text}", "restart")
        if line.procedure in {"backup", "restore"}:
            script = _sequence(lines, line)
            spelled = "" if line.body or script == line.command.text else _spelled_out(script)
            core = "" if script == line.command.text else line.command.text
            yield Step(source, begin, script, line.procedure, line.body or spelled, line.kind, core)
        elif line.procedure:
            yield Step(source, begin, line.command.text, line.procedure, line.body)


def _is_alone(lines: list[_Line]) -> bool:
    """Whether a stop and start is a separate procedure, not a part of a backup or a restore."""
    return not any(line.procedure in {"backup", "restore"} for line in lines)


def _sequence(lines: list[_Line], core: _Line) -> str:
    """Return the commands that are typed around the one that carries out a backup or a restore, it included."""
    kept = [line for line in lines if line is core or not (line.procedure or _is_for_other_data(line.command))]
    return "\n".join(line.command.text for line in kept)


def _is_for_other_data(command: Command) -> bool:
    return any(is_database(unwrapped(call)) for call in command.calls)


def waits_for_person(script: str) -> str:
    """Return the first command of a script that waits for input or Ctrl-C; "" if there is none."""
    for call in filter(None, _calls(script)):
        values = [word.value for word in call]
        if program(call[0]) in _INTERACTIVE or (_verb(call) == "logs" and _FOLLOWS.intersection(values)):
            return " ".join(values)
        is_shell = _verb(call) in {"exec", "run"} and values[-1] in {"bash", "sh", "ash", "psql", "mysql"}
        is_foreground = compose_verb(call) == "up" and not {"-d", "--detach", "--wait"}.intersection(values)
        if is_shell or is_foreground:
            return " ".join(values)
    return ""


def _without_time(command: Command) -> Command:
    """Return what a line of a crontab runs; any other command as it is."""
    found = _CRONTAB.match(command.text)
    if not found:
        return command
    script = command.text[found.end() :].replace("\\%", "%")
    return next((replace(inner, start=command.start, text=script) for inner in read_commands(script)), command)


def _read_line(command: Command, folder: Path | None) -> _Line:
    procedure, kind = _procedure(command)
    if not procedure and folder:
        return _Line(command, *_read_script(command, folder))
    return _Line(command, procedure, kind=kind)


def _procedure(command: Command) -> tuple[str | None, str]:
    """Say which procedure a command line carries out, and what kind of thing it makes or reads."""
    calls = [unwrapped(call) for call in command.calls]
    calls = [call for call in calls if call]
    transfer = read_transfer(command, calls)
    inside = {name for call in calls if _verb(call) == "exec" for name in programs_inside(call)}
    verbs = _verbs(command)
    does = {
        "migrate": any(_migrates(call) for call in calls),
        "backup": transfer is not None and transfer.direction == "backup",
        "restore": transfer is not None and transfer.direction == "restore",
        "permissions": bool(inside & {"chmod", "chown"}),
        "inspect": "ls" in inside,
        "restart": "restart" in verbs or bool(verbs & _STOPS and verbs & _STARTS),
    }
    procedure = next((procedure for procedure in PROCEDURES if does[procedure]), None)
    return procedure, transfer.kind if transfer else "archive"


def _calls(script: str) -> list[Call]:
    return [unwrapped(call) for command in read_commands(script) for call in command.calls]


def _verbs(command: Command) -> set[str]:
    return {compose_verb(unwrapped(call)) or "" for call in command.calls}


def _verb(call: Call) -> str | None:
    return compose_verb(call) or docker_verb(call)


def _started(call: Call) -> str:
    """The file that a command starts, itself or by way of a shell, which looks for it first where it stands."""
    words = [word.value for word in call]
    if words and program(call[0]) in _SHELLS:
        return join(".", *words[1:2])
    return words[0] if words else ""


def _migrates(call: Call) -> bool:
    shows_only = _SHOWS_ONLY & {word.value for word in call}
    return PurePosixPath(_started(call)).name == "migrate_media.sh" and not shows_only


def _read_script(command: Command, folder: Path) -> tuple[str | None, str]:
    """Which procedure a script of the deployment's carries out that a command runs, and its text with names filled in.

    One that can do several things is known by what it is asked to do, or by its name.
    """
    for call in map(unwrapped, command.calls):
        name = _started(call)
        if "/" not in name or ".." in name or _SHOWS_ONLY & {word.value for word in call}:
            continue
        text = _spelled_out(_text_of(folder / name))
        found = {procedure: inner.text for inner in read_script(text) if (procedure := _procedure(inner)[0])}
        asked = " ".join(word.value for word in call).lower()
        meant = [procedure for procedure in found if len(found) == 1 or procedure in asked]
        if len(meant) == 1:
            return meant[0], found[meant[0]]
    return None, ""


def _text_of(script: Path) -> str:
    try:
        return script.read_text(encoding="utf-8") if script.is_file() else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _spelled_out(text: str) -> str:
    for found in list(_ASSIGNMENT.finditer(text)):  # whose value holds no backslash: it means nothing in a replacement
        text = re.sub(rf"\$(?:{found[1]}\b|\{{{found[1]}(?::?-[^}}]*)?\}})", found[3], text)
    return text
