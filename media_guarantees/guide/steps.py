"""The steps of a storage guide: recognised by what a command does, kept as it is printed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import join

from media_guarantees.guide.docker_commands import (
    Call,
    Mount,
    compose_verb,
    docker_verb,
    program,
    programs_inside,
    read_mounts,
    read_tars,
    unwrapped,
    volumes_asked_for,
)
from media_guarantees.guide.shell_words import PLACEHOLDER, Command, read_commands, read_script
from media_guarantees.guide.volume_name import VOLUME_NAME

PROCEDURES = {
    "migrate": "a command that runs migrate_media.sh",
    "backup": "`docker run … tar` that creates an archive in a mounted directory of the host",
    "restore": "`docker run … tar` that extracts an archive",
    "permissions": "`docker-compose exec … chmod` or `chown`",
    "inspect": "`docker-compose exec … ls`",
    "restart": "`docker-compose down` followed by `up`, or `docker-compose restart`",
}
"""Each procedure, with what makes a command one; a command that does two is the earlier one."""

_SHELLS = {"bash", "sh", "dash", "ash", "zsh"}
_SHOWS_ONLY = {"--help", "-h", "--dry-run"}
_STOPS, _STARTS = {"down", "stop"}, {"up", "start"}
_PLAIN_NAME = re.compile(r"[\w.+@%,=-]+")
ARCHIVE_ENDING = re.compile(r"\.(?:tar(?:\.\w+)?|t[abgx]z2?)$")
# A day in an example's name, which a person replaces without being told to: 2026-01-31, 31.01.2026, AAAAMMDD.
_EXAMPLE_DAY = re.compile(
    r"\d{4}([-_.]?)\d\d\1\d\d(?!\d)|\d\d([-_.]?)\d\d\2\d{4}(?!\d)|(?:YYYY|AAAA)[-_.]?MM[-_.]?DD|DD[-_.]?MM[-_.]?(?:YYYY|AAAA)"
)
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
    one of `PROCEDURES`. Where what is printed runs a script of the deployment's, `body` is what that does.
    """

    source: Path
    line: int
    script: str
    procedure: str
    body: str = ""

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
        tars = [tar for call in _calls(self.body or self.script) for tar in read_tars(call)]
        return next((tar.archive for tar in tars if tar.archive), None)

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


def read_steps(block: str, source: Path, first_line: int, folder: Path | None = None) -> Iterator[Step]:
    """Recognise the procedures in the text of one code block, of whose first line the number is given.

    `folder` is where the reader stands: a script in there that a command runs is known by what is in it.
    """
    previous: Command | None = None
    for command in read_commands(block):
        procedure, begin, script, body = _procedure(command), command.start, command.text, ""
        if not procedure and folder:
            procedure, body = _read_script(command, folder)
        if previous and not procedure and _verbs(previous) & _STOPS and _verbs(command) & _STARTS:
            # One procedure that is printed on two lines.
            procedure, begin, script = "restart", previous.start, f"{previous.text}\n{command.text}"
        if procedure:
            yield Step(source, first_line + block.count("\n", 0, begin), script, procedure, body)
        previous = None if procedure else command


def _procedure(command: Command) -> str | None:
    calls = [unwrapped(call) for call in command.calls]
    runs = [(call, tar) for call in calls if docker_verb(call) == "run" for tar in read_tars(call)]
    inside = {name for call in calls if _verb(call) == "exec" for name in programs_inside(call)}
    verbs = _verbs(command)
    does = {
        "migrate": any(_migrates(call) for call in calls),
        "backup": any(tar.mode == "create" and _is_on_host(tar.archive, call) for call, tar in runs),
        "restore": any(tar.mode == "extract" for _, tar in runs),
        "permissions": bool(inside & {"chmod", "chown"}),
        "inspect": "ls" in inside,
        "restart": "restart" in verbs or bool(verbs & _STOPS and verbs & _STARTS),
    }
    return next((procedure for procedure in PROCEDURES if does[procedure]), None)


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
        found = {procedure: inner.text for inner in read_script(text) if (procedure := _procedure(inner))}
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
    for told in list(_ASSIGNMENT.finditer(text)):  # whose value holds no backslash: it means nothing in a replacement
        text = re.sub(rf"\$(?:{told[1]}\b|\{{{told[1]}(?::?-[^}}]*)?\}})", told[3], text)
    return text


def _is_on_host(archive: str | None, call: Call) -> bool:
    """Whether the archive's name is under a directory of the host that the command mounts."""
    from_host = [mount for mount in read_mounts(call) if mount.source and not mount.is_named_volume]
    return any((archive or "").startswith(mount.target.rstrip("/") + "/") for mount in from_host)
