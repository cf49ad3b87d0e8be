"""A procedure as the sequence of commands that a person types, one block of a section after the other.

A backup or a restore has a *core*, the command that makes or reads the copy. What stands around it in its section is
typed too: what stops and starts the service, makes folders, sets variables, shows the result. What belongs to another
procedure, to other data, to another machine or to an alternative is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, zip_longest
from pathlib import Path

from media_guarantees.guide.command_line import Line
from media_guarantees.guide.formats.document import Block
from media_guarantees.guide.other_machines import Aside, as_bash_has_it, machine_of
from media_guarantees.guide.parsing.docker_commands import compose_verb, docker_verb, program
from media_guarantees.guide.parsing.other_places import carries_elsewhere
from media_guarantees.guide.parsing.spelled_out import spelled_out
from media_guarantees.guide.parsing.transfers import kind_of
from media_guarantees.guide.recognition import STARTS, STOPS, read_lines
from media_guarantees.guide.steps import COPIES, Step

HEADINGS = {
    "migrate": r"migra",
    "backup": r"back(?:ing)?[- ]?(?:\w+ )?up\b|back-?ups|c[óo]pia|cop(?:y|ies)\b|sauvegard|sicherung|sichern\b"
    r"|respald|archiv",
    "restore": r"restaur|restor|recover|recupera|r[ée]cup[ée]r|wiederherstell|zur[üu]ckspiel",
    "permissions": r"permiss|problem|troubleshoot",
    "inspect": r"inspe|verifi|problem|troubleshoot",
    "restart": r"rein[ií]ci|restart|problem|troubleshoot",
}
"""The words that a heading above each procedure is likely to hold, in the languages of guides."""

MEDIA_WORDS = r"media|m[íi]dia|m[ée]dia|medien|upload|volume|picture|image|photo|foto|files?\b|fichier|archivos|dateien"
"""The words of a heading, below one that speaks of copies, of the part about the media."""

_OR = re.compile(
    r"(?:^|[.!?:;]\s+)\W*(?:or|ou|oder|o bien|alternat\w+|altern[âa]t\w+|if you prefer|se preferir|instead)\b",
    re.IGNORECASE,
)
# What a person does before the copy; the rest comes after it.
_OPENS = {"cd", "mkdir", "export", "set", "source", ".", "test", "[", "ssh", "sudo", "su", "install", "touch", "trap"}
_OPENING_VERBS = {"down", "stop", "pause", "pull", "create"}


def read_procedures(blocks: Sequence[Block], folder: Path | None = None) -> Iterator[Step | Aside]:
    """Recognise the procedures in the blocks of one file. `folder` is where the reader of the guide stands."""
    earlier: list[Line] = []
    functions: dict[str, Line] = {}
    for _, together in groupby(blocks, key=lambda block: block.section):
        lines: list[Line] = []
        for block in together:
            machine = machine_of(block)
            shown = as_bash_has_it(block) if machine else block
            before = "\n".join(line.text for line in (*earlier, *lines))
            found = read_lines(shown, folder, functions, before) if machine or block.has_commands else []
            asides = [replace(line, engine=machine) if machine else line for line in found]
            yield from (_aside(line) for line in asides if line.engine and line.is_copy)
            here = [line for line in asides if not line.engine]
            yield from _others(here)
            lines += here
        yield from _Section(tuple(lines), tuple(earlier)).steps()
        earlier += lines


def speaks_of(procedure: str, headings: Sequence[str]) -> bool:
    """Whether the nearest of the headings that speaks of copies at all speaks of the procedure."""
    for heading in reversed(headings):
        spoken = {name for name in COPIES | {procedure} if re.search(HEADINGS[name], heading, re.IGNORECASE)}
        if spoken:
            return procedure in spoken
    return False


def _aside(line: Line) -> Aside:
    return Aside(line.block.source, line.number, line.engine, line.procedure or "")


def _others(lines: Sequence[Line]) -> Iterator[Step]:
    """Yield the procedures of one block that are one command, or a stop and a start on two lines."""
    is_alone = not any(line.is_copy or line.is_for_other_data for line in lines)
    for line, following in zip_longest(lines, lines[1:]):
        is_pair = following and not line.procedure and not following.procedure and is_alone
        if is_pair and line.verbs & STOPS and following.verbs & STARTS:
            yield _step(line, f"{line.text}\n{following.text}", "restart")
        elif line.procedure and not line.is_copy:
            yield _step(line, line.text, line.procedure)


def _step(line: Line, script: str, procedure: str) -> Step:
    block = line.block
    return Step(block.source, line.number, script, procedure, line.body, headings=block.headings, label=block.label)


@dataclass(frozen=True)
class _Section:
    """The command lines of a section, and those of the sections `earlier` in the file."""

    lines: tuple[Line, ...]
    earlier: tuple[Line, ...]

    def steps(self) -> Iterator[Step]:
        """Yield the backups and restores, and what a heading alone says is one."""
        typed: list[Line] = []
        for number, line in enumerate(self.lines):
            if line.is_copy and not any(line is each for each in typed) and not self._is_carried(line):
                kept = self._sequence(number)
                typed += [each for each in kept if each.procedure == line.procedure]
                yield self._step(number, kept)
        for procedure in sorted(COPIES):
            if proposed := self._proposal(procedure):
                yield proposed

    def _step(self, core: int, kept: Sequence[Line]) -> Step:
        line = self.lines[core]
        texts = [each.text for each in kept]
        script = "\n".join([*self._state(texts), *texts])
        spelled = spelled_out(script)
        body = line.body or (spelled if spelled != script or script != line.text else "")
        step = replace(_step(line, script, line.procedure or ""), body=body if body != script else "")
        return replace(
            step,
            kind=self._kind(core, kept) or (kind_of(step.archive or "") if line.kind == "archive" else line.kind),
            core="" if script == line.text else line.text,
            left_out=tuple(each.text for each in self.lines if each is not line and self._is_carried(each)),
            is_instead=line.is_scheduled or any(core in range(*span) for span in self._alternatives),
        )

    def _kind(self, core: int, kept: Sequence[Line]) -> str:
        """The kind of copy where another line of the procedure decides it: one that packs or makes what is carried."""
        line = self.lines[core]
        if line.kind == "folder" and (packed := next((each.packs for each in kept if _packs_folder(each, line)), "")):
            return packed
        is_by_program = any(_is_program_of(each, line) or _is_program_of(line, each) for each in kept)
        return "other" if is_by_program else ""

    def _proposal(self, procedure: str) -> Step | None:
        """A section under a heading that speaks of a procedure, with no command that is known to carry it out."""
        if not self.lines or any(line.is_copy for line in self.lines):
            return None
        headings = self.lines[0].block.headings
        if not re.search(rf"{HEADINGS[procedure]}|{MEDIA_WORDS}", "".join(headings[-1:]), re.IGNORECASE):
            return None
        other = next(iter(COPIES - {procedure}))
        if not speaks_of(procedure, headings) or speaks_of(other, headings):
            return None
        kept = [
            line
            for number, line in enumerate(self.lines)
            if line.procedure != "migrate" and not line.is_for_other_data and not self._is_instead(number, -1)
        ]
        first = next((line for line in kept if line.may_copy), None)
        if first is None:
            return None
        texts = [line.text for line in kept]
        script = "\n".join([*self._state(texts), *texts])
        return replace(_step(first, script, procedure), kind="effect", core=first.text if script != first.text else "")

    def _sequence(self, core: int) -> list[Line]:
        line = self.lines[core]
        headings = line.block.headings
        told = [name for name in COPIES if speaks_of(name, headings)]
        is_shared = bool(told) and {each.procedure for each in self.lines} >= COPIES
        is_told = line.procedure in told or is_shared or not headings
        return [
            each
            for number, each in enumerate(self.lines)
            if number == core or (self._belongs(number, core) and (is_told or each.block is line.block))
        ]

    def _belongs(self, number: int, core: int) -> bool:
        """Whether a line is one of those that are typed around a core."""
        line, other = self.lines[core], self.lines[number]
        if self._is_carried(other):
            return False
        is_same_tab = not line.block.label or other.block.label in ("", line.block.label)
        if other.procedure == line.procedure and is_same_tab and (_is_step_of(other, line) or _is_opaque(other, line)):
            return not self._is_instead(number, core)
        if other.is_copy or other.procedure == "migrate" or other.is_for_other_data or _deletes(other):
            return False
        if not is_same_tab or self._is_instead(number, core):
            return False
        cores = [each for each in self.lines if each.is_copy and each.block is other.block]
        if cores and other.block is not line.block:
            return False
        return self._procedure_around(number, core) == line.procedure

    def _is_carried(self, line: Line) -> bool:
        """Whether a line takes elsewhere what another line of the section makes: the sandbox has no way there."""
        copies = [call for each in self.lines if each.is_copy and each.kind != "other" for call in each.calls]
        return bool(copies) and not line.volumes and any(carries_elsewhere(call, copies) for call in line.calls[:1])

    def _is_instead(self, number: int, core: int) -> bool:
        return any(number in range(*span) and core not in range(*span) for span in self._alternatives)

    def _procedure_around(self, number: int, core: int) -> str | None:
        """The procedure that a line between two different ones belongs to."""
        before = next((line for line in reversed(self.lines[:number]) if line.is_copy), None)
        after = next((line for line in self.lines[number:] if line.is_copy), None)
        if not before or not after or before.procedure == after.procedure:
            return (before or after or self.lines[core]).procedure
        here = self.lines[number].block
        in_block = {line.procedure for line in (before, after) if line.block is here}
        if len(in_block) == 1:
            return in_block.pop()
        return (after if _opens(self.lines[number]) else before).procedure

    @property
    def _alternatives(self) -> list[tuple[int, int]]:
        """From where to where the lines go that the prose or a comment offers in place of others.

        What a comment offers ends with its core; what the prose offers, with the block that the core is in.
        """
        spans = []
        for number, line in enumerate(self.lines):
            if _OR.search(line.lead) and any(each.is_copy or each.may_copy for each in self.lines[:number]):
                core = next((at for at in range(number, len(self.lines)) if self.lines[at].is_copy), number)
                block = [at for at, each in enumerate(self.lines) if each.block is self.lines[core].block]
                spans.append((number, 1 + (max(block) if _OR.search(line.block.lead) else core)))
        return spans

    def _state(self, texts: Sequence[str]) -> list[str]:
        """The earlier lines that set a variable, or define a function, which these lines use and don't set."""
        script = "\n".join(texts)
        needed: list[str] = []
        for line in reversed([*self.earlier, *self.lines]):
            name = _sets(line)
            is_set = re.search(rf"(?:^|\s){name}=|^\s*(?:function )?{name}\s*\(\)", script, re.MULTILINE)
            used = re.search(rf"\$\{{?{name}\b|^\s*{name}\b(?!\(|=)", script, re.MULTILINE)
            if name and used and not is_set and line.text not in texts:
                needed.insert(0, line.text)
                script = f"{line.text}\n{script}"
        return needed


def _is_step_of(line: Line, other: Line) -> bool:
    """Whether two lines are two steps of one copy: an archive goes into or out of a container, and is used there."""
    is_same_file = bool(line.archives & other.archives) and line.carries_file != other.carries_file
    return is_same_file or _is_program_of(line, other) or _is_program_of(other, line)


def _is_program_of(line: Line, carrying: Line) -> bool:
    """Whether a line starts the program in a container which makes, or reads, the file that another line carries."""
    carries = carrying.carries_file and not line.carries_file
    return carries and any((name, carrying.procedure) in line.programs_inside for name in carrying.containers)


def _packs_folder(line: Line, carrying: Line) -> bool:
    """Whether a line packs the folder that another carries out of a container, or unpacks the one it carries in."""
    packed, carried = (
        {name for call in each.calls for word in call[1:] if (name := word.value.strip("./"))}
        for each in (line, carrying)
    )
    return bool(line.packs) and any(name.startswith(folder) for name in packed for folder in carried)


def _is_opaque(line: Line, other: Line) -> bool:
    """Whether two lines copy the same data in a way that is not read here: a person runs both, one after the other."""
    is_scheduled = line.is_scheduled or other.is_scheduled
    return line.kind == other.kind == "other" and line.volumes == other.volumes and not is_scheduled


def _sets(line: Line) -> str:
    """The variable or the function that a line sets, "" for other lines."""
    found = re.match(r"(?:export |readonly )?(\w+)=|(?:function )?(\w+)\s*\(\)", line.text)
    return next(filter(None, found.groups()), "") if found else ""


def _deletes(line: Line) -> bool:
    """Whether a line has Compose delete the volumes: a guide prints that to start afresh."""
    return (
        any(compose_verb(call) == "down" and {"-v", "--volumes"} & {word.value for word in call} for call in line.calls)
        and not line.is_copy
    )


def _opens(line: Line) -> bool:
    """Whether a person does what a line says before a copy, not after it."""
    if _sets(line):
        return True
    for call in line.calls[:1]:
        values = [word.value for word in call]
        verb = compose_verb(call) or docker_verb(call)
        if program(call[0]) in _OPENS or verb in _OPENING_VERBS or (verb == "volume" and {"rm", "create"} & {*values}):
            return True
        if verb == "run" and "-d" in values:
            return True
    return False
