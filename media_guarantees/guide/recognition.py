"""What one printed command line does: which procedure it carries out, itself or by a script of the deployment's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from posixpath import join

from media_guarantees.guide.formats.document import Block
from media_guarantees.guide.parsing.docker_commands import (
    Call,
    compose_verb,
    docker_verb,
    program,
    programs_inside,
    read_mounts,
    unwrapped,
)
from media_guarantees.guide.parsing.shell_words import Command, read_commands, read_script
from media_guarantees.guide.parsing.transfers import is_database, read_transfer
from media_guarantees.guide.steps import ARCHIVE_ENDING, COPIES, PROCEDURES

STOPS, STARTS = {"down", "stop"}, {"up", "start"}
# What another engine than Docker is called by; its options are Docker's.
OTHER_ENGINES = {
    "podman": "Podman", "podman-compose": "Podman", "nerdctl": "nerdctl", "kubectl": "Kubernetes", "oc": "Kubernetes",
}  # fmt: skip
_SHELLS = {"bash", "sh", "dash", "ash", "zsh"}
_SHOWS_ONLY = {"--help", "-h", "--dry-run"}
# Programs that prepare, show or tidy up, and make no copy of anything by themselves.
_PREPARES = {
    "cd", "mkdir", "ls", "echo", "printf", "export", "set", "sleep", "pwd", "du", "df", "date", "chmod", "chown", "rm",
    "wait", "sha256sum", "md5sum", "find", "git", "curl", "wget", "apt", "apt-get", "true", "exit", "test", "[",
    "source", ".", "sudo", "su", "ssh", "crontab", "systemctl", "service", "unset", "trap", "head", "tail", "grep",
}  # fmt: skip
# cron(5): five fields of time before the command, in which a per cent sign is escaped.
_CRONTAB = re.compile(r"^(?:@\w+|(?:[\d*/,-]+[ \t]+){4}[\d*/,-]+)[ \t]+(?=\S)")
_FUNCTION = re.compile(r"(?:function\s+)?(?P<name>[\w-]+)\s*(?:\(\)\s*)?\{")
# The value of a variable, where it is plain text.
_PLAIN_VALUE = r"(?:[\w./:@%+-]|\$\(date [^()\\\"]*\)|\$\(pwd\)|\$\{?PWD\}?)+"
_ASSIGNMENT = re.compile(
    rf"^[ \t]*(?:export |readonly |local )?(\w+)=([\"']?)({_PLAIN_VALUE})\2[ \t]*(?:#.*)?$", re.MULTILINE
)
_DEFAULT = re.compile(r"\$\{\w+:?-(?P<value>[\w./@%+-]*)\}")


@dataclass(frozen=True)
class Line:
    """A command line of a block, at line `number` of the guide: which procedure it carries out, if one, and how.

    `kind` is that of a `Step`; `body` is what a script does that the line runs. `lead` is the prose or the comment
    directly above it; `engine` is the name of another engine that it is for, "" for Docker.
    """

    block: Block
    number: int
    command: Command
    procedure: str | None = None
    kind: str = "archive"
    body: str = ""
    lead: str = ""
    engine: str = ""

    @property
    def text(self) -> str:
        """The command, as printed."""
        return self.command.text

    @property
    def is_copy(self) -> bool:
        """Whether it is a backup or a restore."""
        return self.procedure in COPIES

    @property
    def archives(self) -> set[str]:
        """The names of archives in it, without their folders."""
        words = (word.value for call in self.calls for word in call)
        return {PurePosixPath(word).name for word in words if ARCHIVE_ENDING.search(word)}

    @property
    def carries_file(self) -> bool:
        """Whether it carries a file or a folder into a container, or out of one."""
        return any(_verb(call) == "cp" for call in self.calls)

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
    def may_copy(self) -> bool:
        """Whether it starts something of which only its effect can show what it copies."""
        return any(_may_copy(call) for call in self.calls)


def read_lines(block: Block, folder: Path | None, functions: dict[str, Line] | None = None) -> list[Line]:
    """Read the command lines of a block. A script in `folder` that a line runs is known by what is in it.

    `functions` are those that the guide defined before, each with the line that does; those of the block are added.
    """
    functions = {} if functions is None else functions
    lines: list[Line] = []
    end = 0
    for printed in read_commands(block.text, as_root=block.is_console):
        number = block.line + block.text.count("\n", 0, printed.start)
        between = block.text[end : printed.start]
        end = printed.start + len(printed.text)
        comments = " ".join(re.findall(r"^\s*#+\s*(.*)$", between, re.MULTILINE))
        lead = " ".join(filter(None, (block.lead if not lines else "", comments)))
        line = _read_line(Line(block, number, _without_time(printed), lead=lead), folder)
        if defined := _FUNCTION.match(line.text):
            functions[defined["name"]] = line
            line = replace(line, procedure=None)
        lines.append(_read_use(line, functions))
    return lines


def spelled_out(text: str) -> str:
    """Put the values of variables that a script sets in plain words, and plain defaults, in place of their names."""
    for found in list(_ASSIGNMENT.finditer(text)):  # whose value holds no backslash: it means nothing in a replacement
        text = re.sub(rf"\$(?:{found[1]}\b|\{{{found[1]}(?::?-[^}}]*)?\}})", found[3], text)
    return _DEFAULT.sub(lambda found: found["value"], text)


def _read_use(line: Line, functions: Mapping[str, Line]) -> Line:
    """Return a line that uses a function as one that does what the function does, with its arguments in place."""
    for call in line.calls:
        defined = functions.get(call[0].value)
        if defined and defined.is_copy:
            body = defined.text
            for number, word in enumerate(call[1:], start=1):
                body = body.replace(f"${{{number}}}", word.value).replace(f"${number}", word.value)
            inner = "\n".join(each.text for each in read_script(body))
            return replace(line, procedure=defined.procedure, kind=defined.kind, body=inner)
    return line


def _read_line(line: Line, folder: Path | None) -> Line:
    engine = next((OTHER_ENGINES[program(call[0])] for call in line.calls if program(call[0]) in OTHER_ENGINES), "")
    if engine:
        as_docker = re.sub(r"\b(?:podman-compose|podman|nerdctl)\b", "docker", line.text)
        inner = next(read_commands(as_docker), line.command)
        return replace(line, engine=engine, procedure=_procedure(inner)[0])
    procedure, kind = _procedure(line.command)
    if procedure or not folder:
        return replace(line, procedure=procedure, kind=kind)
    procedure, kind, body = _read_script(line, folder)
    return replace(line, procedure=procedure, kind=kind, body=body)


def _procedure(command: Command) -> tuple[str | None, str]:
    """Say which procedure a command line carries out, and what kind of thing it makes or reads."""
    calls = [call for call in map(unwrapped, command.calls) if call]
    transfer = read_transfer(command, calls)
    inside = {name for call in calls if _verb(call) == "exec" for name in programs_inside(call)}
    verbs = {compose_verb(call) or "" for call in calls}
    does = {
        "migrate": any(_migrates(call) for call in calls),
        "backup": transfer is not None and transfer.direction == "backup",
        "restore": transfer is not None and transfer.direction == "restore",
        "permissions": bool(inside & {"chmod", "chown"}),
        "inspect": "ls" in inside,
        "restart": "restart" in verbs or bool(verbs & STOPS and verbs & STARTS),
    }
    procedure = next((procedure for procedure in PROCEDURES if does[procedure]), None)
    return procedure, transfer.kind if transfer else "archive"


def _without_time(command: Command) -> Command:
    """Return what a line of a crontab runs; any other command as it is."""
    found = _CRONTAB.match(command.text)
    if not found:
        return command
    script = command.text[found.end() :].replace("\\%", "%")
    return next((replace(inner, start=command.start, text=script) for inner in read_commands(script)), command)


def _verb(call: Call) -> str | None:
    return compose_verb(call) or docker_verb(call)


def _may_copy(call: Call) -> bool:
    if "=" in call[0].value.partition("/")[0] or program(call[0]) in _PREPARES:
        return False
    if verb := compose_verb(call):
        return verb in {"run", "exec"}
    if verb := docker_verb(call):
        return verb in {"run", "exec"} and (verb == "exec" or len(list(read_mounts(call))) > 1)
    return not re.fullmatch(r"docker(?:-compose)?", program(call[0]))


def _started(call: Call) -> str:
    """The file that a command starts, itself or by way of a shell, which looks for it first where it stands."""
    words = [word.value for word in call]
    if words and program(call[0]) in _SHELLS:
        return join(".", *words[1:2])
    return words[0] if words else ""


def _migrates(call: Call) -> bool:
    shows_only = _SHOWS_ONLY & {word.value for word in call}
    return PurePosixPath(_started(call)).name == "migrate_media.sh" and not shows_only


def _read_script(line: Line, folder: Path) -> tuple[str | None, str, str]:
    """Which procedure a script carries out that a line runs, the kind of copy, and its text with names filled in.

    One that can do several things is known by what it is asked to do, or else by its own name. What it does to other
    data than the first of that procedure is left to the effect that it has.
    """
    for call in line.calls:
        name = _started(call)
        if "/" not in name or ".." in name or _SHOWS_ONLY & {word.value for word in call}:
            continue
        text = spelled_out(_text_of(folder / name))
        found: dict[str, list[tuple[Command, str]]] = {}
        for inner in read_script(text):
            procedure, kind = _procedure(inner)
            if procedure:
                found.setdefault(procedure, []).append((inner, kind))
        procedure = _meant(list(found), PurePosixPath(name).name, [word.value for word in call[1:]])
        if procedure:
            return procedure, found[procedure][0][1], "\n".join(inner.text for inner, _ in found[procedure])
    return None, "archive", ""


def _meant(found: Sequence[str], name: str, arguments: Sequence[str]) -> str | None:
    if len(found) == 1:
        return found[0]
    asked = [procedure for procedure in found if any(procedure == word.lower().lstrip("-") for word in arguments)]
    named = [procedure for procedure in found if procedure in name.lower()]
    return next((choice[0] for choice in (asked, named) if len(choice) == 1), None)


def _text_of(script: Path) -> str:
    try:
        return script.read_text(encoding="utf-8") if script.is_file() else ""
    except (OSError, UnicodeDecodeError):
        return ""
