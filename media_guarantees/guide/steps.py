"""The steps of a storage guide: recognised by what a command does, kept as it is printed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from media_guarantees.core.text import VOLUME_NAME
from media_guarantees.guide.parsing.docker_commands import (
    Call,
    Mount,
    compose_verb,
    docker_verb,
    named_containers,
    program,
    read_mounts,
    read_tars,
    unwrapped,
    volumes_asked_for,
)
from media_guarantees.guide.parsing.filling import CopyName, filled, printed_before
from media_guarantees.guide.parsing.placeholders import blanks_in, example_names_in, name_deployment
from media_guarantees.guide.parsing.shell_words import read_commands
from media_guarantees.guide.parsing.transfers import VOLUMES_FOLDER, read_transfer

PROCEDURES = {
    "migrate": "a command that runs migrate_media.sh",
    "backup": "a `tar` in a container that leaves an archive on the host, `docker cp` out of one, or a backup program",
    "restore": "a `tar` in a container that extracts an archive, `docker cp` into one, or a backup program",
    "permissions": "`docker-compose exec … chmod` or `chown`",
    "inspect": "`docker-compose exec … ls`",
    "restart": "`docker-compose down` followed by `up`, or `docker-compose restart`",
}
"""Each procedure, with what makes a command one; a command that does two is the earlier one."""

COPIES = frozenset({"backup", "restore"})
"""The procedures that are a whole sequence of commands."""

_HOST_PATHS = ("/", ".", "~", "$(pwd)", "${PWD}", "$PWD", "`pwd`", "%cd%")
_PLAIN_NAME = re.compile(r"[\w.+@%,=-]+")
ARCHIVE_ENDING = re.compile(r"\.(?:tar(?:\.(?:gz|bz2?|xz|zstd?|lzma|Z))?|t[abgx]z2?|tzst)$")
_STOPPERS, _STOPS = {"docker", "docker-compose", "systemctl"}, {"stop", "down", "pause", "kill"}
# The id of a container or an image in an example: it is another one on each server.
_ID = re.compile(r"[0-9a-f]{12}|[0-9a-f]{64}")


class GuideError(Exception):
    """Something is wrong with the guide; the message says what and where."""


@dataclass(frozen=True)
class Step:
    """One documented command, with where it is written.

    `script` is what is printed, byte for byte, without a `$ ` prompt; its lines end in a line feed even where those of
    the file end in CRLF, as in a terminal that they are pasted into. `line` counts from 1; `procedure` is one of
    `PROCEDURES`. `headings` are those above it, `label` names its tab; `is_instead` says that the guide offers it in
    place of another. `left_out` are the lines among them that carry the copy to another place. `core` is the one
    command of a sequence that carries the procedure out; empty where it is the whole script. Where what is printed runs
    a script of the deployment's, `body` is what that does; where it sets variables first, `body` is the same with their
    values.

    `kind` is what a backup makes, and a restore reads: "archive", "folder", "other" for what only the program that made
    it can read, or "effect" where only running it shows that. The last is known as a copy by its heading, or by the
    name of a target.
    """

    source: Path
    line: int
    script: str
    procedure: str
    body: str = ""
    kind: str = "archive"
    core: str = ""
    headings: tuple[str, ...] = ()
    label: str = ""
    is_instead: bool = False
    left_out: tuple[str, ...] = ()

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
            found = read_transfer(command, calls)
            if found and found.host_path and not (found.kind == "folder" and self.kind == "archive"):
                return found.host_path
        tars = [tar for call in _calls(self.body or self.script) for tar in read_tars(call)]
        return next((tar.archive for tar in tars if tar.archive), None)

    def about(self, media: Collection[str], names: Mapping[str, str]) -> Step:
        """Return the step for media that are called so: the names of the deployment in it, and its other data left out.

        `names` gives what a reader of the guide puts in place of a name of theirs: "project" and "volume".
        """
        script, body, core = (name_deployment(text, names) for text in (self.script, self.body, self.core))
        step = replace(self, script=script, body=body, core=core)
        parts = [replace(step, body=command.text) for command in read_commands(step.body)]
        own = [part.body for part in parts if part.touches(media)]
        has_others = any(part.touches(media) is False for part in parts)
        return replace(step, body="\n".join(own)) if own and has_others else step

    def touches(self, media: Collection[str]) -> bool | None:
        """Whether it works on what is called by one of the names in `media`: a volume, a service, a container, a path.

        None where it names nothing, or what only the shell knows.
        """
        named = [source for source, _ in self.volumes if source and not source.startswith(_HOST_PATHS)]
        named += [found["volume"] for found in VOLUMES_FOLDER.finditer(self.body or self.script)]
        if not named and self.kind != "other":  # a backup service has the volume in the compose file
            named = [name for call in _calls(self.body or self.script) for name in named_containers(call)]
        known = [name for name in named if not re.search(r"[$`<{]", name) and not _ID.fullmatch(name)]
        if any(name in media for name in known):
            return True
        return False if known and len(known) == len(named) else None

    @property
    def placeholder(self) -> str | None:
        """What the guide's reader is to replace, such as `[NAME_OF_THE_FILE]`; None if nothing is."""
        found = self._placeholders
        return found[0].group() if found else None

    def fill(self, archive_stem: str, ending: str = ".tar.gz", folder: str = "") -> str:
        """Write an archive's name, given without its `.tar.gz`, where the placeholder is, as a person would.

        What is printed around the placeholder isn't written twice: after a printed `media_backup_` only the
        rest of the name is put, and its ending only where the guide doesn't print one. `folder`, with a slash at its
        end, is put before a name that stands for a whole path. Without placeholder nothing changes.

        Raises:
            ValueError: the stem is no plain name (a shell would read more into it), or doesn't fit the text
                around the placeholder.
        """
        if not _PLAIN_NAME.fullmatch(archive_stem):
            raise ValueError(f"{archive_stem!r} is not a plain name: letters, digits and . _ + @ % , = - only")
        if ending and ARCHIVE_ENDING.search(archive_stem):
            raise ValueError(f"{archive_stem!r} must come without its ending, as in media_backup_20260131")
        try:
            return filled(self.script, self._placeholders, CopyName(archive_stem, ending, folder))
        except ValueError as misfit:
            raise ValueError(f"{self.source}:{self.line}: {misfit}") from misfit

    def named(self, name: str) -> str:
        """Write a name that a person might choose where a backup has a placeholder; without one nothing changes."""
        script = self.script
        for found in reversed(self._placeholders):
            before = printed_before(script, found)
            script = script[: found.start()] + (name.rpartition("_")[2] if before else name) + script[found.end() :]
        return script

    def stem_of(self, day: str) -> str:
        """Return the name, without its ending, of a backup of `day` that a reader could fill in.

        It is what is printed before the placeholder, and the day; without a placeholder, the name that is printed.
        """
        if self._placeholders:
            return printed_before(self.script, self._placeholders[0]) + day
        return ARCHIVE_ENDING.sub("", PurePosixPath(self.archive or day).name)

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
    def needs_service(self) -> bool:
        """Whether there has to be a container of the deployment, or its volume, before it is carried out.

        It works in one or starts one, or asks the engine for it, or goes to the volume's directory.
        """
        calls = _calls(self.script)
        verbs = {compose_verb(call) or docker_verb(call) for call in calls}
        asks = any(
            word in self.script for word in ("--volumes-from", "docker volume ls", "docker inspect", "compose ps")
        )
        return (
            bool(verbs & {"exec", "cp", "start", "restart", "stop"}) or asks or bool(VOLUMES_FOLDER.search(self.script))
        )

    @property
    def stops_services(self) -> bool:
        """Whether it stops containers, as people do so that nobody writes to what is backed up."""
        calls = _calls(f"{self.script}\n{self.body}")
        return any(
            call and program(call[0]) in _STOPPERS and _STOPS & {word.value for word in call[1:]} for call in calls
        )

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
        marked = blanks_in(self.script)
        if self.procedure != "restore":
            return marked
        printed = list(read_commands(self.script))
        read = [redirection.target for command in printed for redirection in command.redirections]
        named = [word for command in printed for call in command.calls for word in call]
        words = [(word.start, word.start + len(word.raw)) for word in (*named, *read)]
        found = [
            example
            for example in example_names_in(self.script, words, is_folder=self.kind != "archive")
            if not any(blank.start() <= example.start() < blank.end() for blank in marked)
        ]
        return sorted((*found, *marked), key=lambda each: each.start())


def _calls(script: str) -> list[Call]:
    return [unwrapped(call) for command in read_commands(script) for call in command.calls]
