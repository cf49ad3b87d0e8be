"""What one printed command line does: which procedure it carries out, itself or by a script of the deployment's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from posixpath import join

from media_guarantees.guide.command_line import Line, verb_of
from media_guarantees.guide.formats.document import Block
from media_guarantees.guide.parsing.docker_commands import (
    Call,
    compose_verb,
    program,
    programs_inside,
    unwrapped,
)
from media_guarantees.guide.parsing.inner_programs import PREPARES
from media_guarantees.guide.parsing.not_typed import snapshot
from media_guarantees.guide.parsing.shell_words import Command, read_commands, read_script, separate_commands
from media_guarantees.guide.parsing.spelled_out import spelled_out
from media_guarantees.guide.parsing.transfers import Transfer, read_transfer
from media_guarantees.guide.steps import PROCEDURES

STOPS, STARTS = {"down", "stop"}, {"up", "start"}
# What another engine than Docker is called by; its options are Docker's.
OTHER_ENGINES = {
    "podman": "Podman", "podman-compose": "Podman", "nerdctl": "nerdctl", "kubectl": "Kubernetes", "oc": "Kubernetes",
}  # fmt: skip
_SHELLS = {"bash", "sh", "dash", "ash", "zsh"}
_SHOWS_ONLY = {"--help", "-h", "--dry-run"}
# What a line begins with that is a command after root's prompt, and not a comment.
_OF_ROOT = PREPARES | {
    "docker", "docker-compose", "tar", "cp", "mv", "rsync", "rclone", "restic", "borg", "zip", "unzip", "gzip", "zstd",
}  # fmt: skip
# cron(5): five fields of time before the command, in which a per cent sign is escaped.
_CRONTAB = re.compile(r"^(?:@\w+|(?:[\d*/,-]+[ \t]+){4}[\d*/,-]+)[ \t]+(?=\S)")
_FUNCTION = re.compile(r"(?:function\s+)?(?P<name>[\w-]+)\s*(?:\(\)\s*)?\{")


def read_lines(
    block: Block, folder: Path | None, functions: dict[str, Line] | None = None, earlier: str = ""
) -> list[Line]:
    """Read the command lines of a block. A script in `folder` that a line runs is known by what is in it.

    `functions` are those that the guide defined before, each with the line that does; those of the block are added.
    `earlier` is what was typed before, with the variables that it sets.
    """
    functions = {} if functions is None else functions
    lines: list[Line] = []
    end = 0
    for printed in read_commands(block.text, as_root=block.is_console or _is_typed_by_root(block.text)):
        number = block.line + block.text.count("\n", 0, printed.start)
        between = block.text[end : printed.start]
        end = printed.start + len(printed.text)
        comments = " ".join(re.findall(r"^\s*#+\s*(.*)$", between, re.MULTILINE))
        lead = " ".join(filter(None, (block.lead if not lines else "", comments)))
        shown = _without_time(printed)
        meant = _with_values(shown, "\n".join([earlier, *(each.text for each in lines)]))
        line = _read_line(
            Line(block, number, meant, lead=lead, printed=shown.text, is_scheduled=shown is not printed), folder
        )
        if defined := _FUNCTION.match(line.text):
            functions[defined["name"]] = line if line.is_copy else _read_use(line, functions)
            lines.append(replace(line, procedure=None))
        else:
            lines.append(_read_use(line, functions))
    return lines


def _is_typed_by_root(text: str) -> bool:
    """Whether each line of a text is a command after root's prompt, and none a comment."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return len(lines) > 1 and all(re.match(r"# +(\S+)", line) and line.split()[1] in _OF_ROOT for line in lines)


def _with_values(command: Command, earlier: str) -> Command:
    """Return a command with the values of variables that were set earlier, where it is one command with them too."""
    if "$" not in command.text or "=" not in earlier:
        return command
    spelled = list(read_commands(spelled_out(command.text, earlier)))
    return replace(spelled[0], start=command.start) if len(spelled) == 1 else command


def _read_use(line: Line, functions: Mapping[str, Line]) -> Line:
    """Return a line that uses a function as one that does what the function does, with its arguments in place."""
    for call in line.calls:
        defined = functions.get(call[0].value)
        if defined and defined.is_copy:
            body = defined.body or defined.text
            for number, word in enumerate(call[1:], start=1):
                body = body.replace(f"${{{number}}}", word.value).replace(f"${number}", word.value)
            inner = "\n".join(each.text for each in read_script(spelled_out(body)))
            return replace(line, procedure=defined.procedure, kind=defined.kind, body=inner)
    return line


def _read_line(line: Line, folder: Path | None) -> Line:
    engine = next((OTHER_ENGINES[program(call[0])] for call in line.calls if program(call[0]) in OTHER_ENGINES), "")
    if engine:
        as_docker = re.sub(r"\b(?:podman-compose|podman|nerdctl|kubectl|oc)\b", "docker", line.command.text)
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
    transfer = _transfer(command)
    inside = {name for call in calls if verb_of(call) == "exec" for name in programs_inside(call)}
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


def _transfer(command: Command) -> Transfer | None:
    """The first transfer of a command line; what it does to a database, in a command of its own, is none."""
    for part in separate_commands(command):
        calls = [call for call in map(unwrapped, part.calls) if call]
        if found := read_transfer(part, calls):
            return found
        if way := next(filter(None, map(snapshot, calls)), ""):
            return Transfer(way, "", "other")
    return None


def _without_time(command: Command) -> Command:
    """Return what a line of a crontab runs; any other command as it is."""
    found = _CRONTAB.match(command.text)
    if not found:
        return command
    script = command.text[found.end() :].replace("\\%", "%")
    return next((replace(inner, start=command.start, text=script) for inner in read_commands(script)), command)


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
