"""One command line of a guide: what it asks for, what it touches, and which procedure it carries out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from media_guarantees.guide.formats.document import Block
from media_guarantees.guide.parsing.docker_commands import (
    Call,
    compose_verb,
    docker_verb,
    named_containers,
    program,
    read_mounts,
    unwrapped,
)
from media_guarantees.guide.parsing.inner_programs import PREPARES, is_database, works_inside
from media_guarantees.guide.parsing.shell_words import Command
from media_guarantees.guide.steps import ARCHIVE_ENDING, COPIES

_PACKERS = {"tar": "archive", "zip": "other", "unzip": "other", "7z": "other", "7za": "other"}


@dataclass(frozen=True)
class Line:
    """A command line of a block, at line `number` of the guide: which procedure it carries out, if one, and how.

    `command` has the values of variables that were set before; `printed` is the line as it is in the guide. `kind` is
    that of a `Step`; `body` is what a script does that the line runs. `lead` is the prose or the comment directly above
    it; `engine` is the name of another engine that it is for, "" for Docker. `is_scheduled` says that it is in a
    crontab.
    """

    block: Block
    number: int
    command: Command
    procedure: str | None = None
    kind: str = "archive"
    body: str = ""
    lead: str = ""
    engine: str = ""
    printed: str = ""
    is_scheduled: bool = False

    @property
    def text(self) -> str:
        """The command, as printed."""
        return self.printed or self.command.text

    @property
    def is_copy(self) -> bool:
        """Whether it is a backup or a restore."""
        return self.procedure in COPIES

    @property
    def archives(self) -> set[str]:
        """The names of archives in it, without their folders."""
        words = (name for call in self.calls for word in call for name in re.split(r"[\s:/\"']", word.value))
        return {name for name in words if ARCHIVE_ENDING.search(name)}

    @property
    def carries_file(self) -> bool:
        """Whether it carries a file or a folder into a container, or out of one."""
        return any(verb_of(call) == "cp" for call in self.calls)

    @property
    def verbs(self) -> set[str]:
        """What it asks of Compose."""
        return {compose_verb(call) or "" for call in self.calls}

    @property
    def calls(self) -> list[Call]:
        """The words of each simple command in it, without what only sets the scene."""
        return [call for call in map(unwrapped, self.command.calls) if call]

    @property
    def is_for_other_data(self) -> bool:
        """Whether it dumps or loads a database."""
        return any(is_database(call) for call in self.calls)

    @property
    def programs_inside(self) -> set[tuple[str, str]]:
        """The services and containers in which it starts a program that makes or reads a copy; and which of these."""
        writes_elsewhere = any(each.operator == ">" for each in self.command.redirections)
        return set() if writes_elsewhere else set(filter(None, map(works_inside, self.calls)))

    @property
    def containers(self) -> set[str]:
        """The services and containers that it names."""
        return {name for call in self.calls for name in named_containers(call)}

    @property
    def volumes(self) -> set[str]:
        """The volumes that it mounts."""
        return {mount.source for call in self.calls for mount in read_mounts(call) if mount.is_named_volume}

    @property
    def packs(self) -> str:
        """The kind of file that it packs a folder of this machine into, or unpacks one of; "" where it does not."""
        return next((kind for call in self.calls if (kind := _PACKERS.get(program(call[0]), ""))), "")

    @property
    def may_copy(self) -> bool:
        """Whether it starts something of which only its effect can show what it copies."""
        return any(_may_copy(call) for call in self.calls)


def verb_of(call: Call) -> str | None:
    """Name what a call asks of Compose or of Docker; None for other programs."""
    return compose_verb(call) or docker_verb(call)


def _may_copy(call: Call) -> bool:
    if "=" in call[0].value.partition("/")[0] or program(call[0]) in PREPARES:
        return False
    if verb := compose_verb(call):
        return verb in {"run", "exec"}
    if verb := docker_verb(call):
        return verb in {"run", "exec"} and (verb == "exec" or len(list(read_mounts(call))) > 1)
    return not re.fullmatch(r"docker(?:-compose)?", program(call[0]))
