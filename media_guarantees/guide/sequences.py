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

from media_guarantees.guide.formats.document import WINDOWS_LANGUAGES, Block
from media_guarantees.guide.parsing.docker_commands import compose_verb, docker_verb, program
from media_guarantees.guide.parsing.transfers import kind_of
from media_guarantees.guide.recognition import STARTS, STOPS, Line, read_lines, spelled_out
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

_OR = re.compile(
    r"(?:^|[.!?:;]\s+)\W*(?:or|ou|oder|o bien|alternat\w+|altern[âa]t\w+|if you prefer|se preferir|instead)\b",
    re.IGNORECASE,
)
_WINDOWS_TEXT = re.compile(r"%(?:cd|CD|date|USERPROFILE|[A-Z_]{4,})%|\$env:|\bGet-Date\b|[^`\n]`[ \t]*\n[ \t]+-")
_WINDOWS = re.compile(r"windows|power\s?shell|\bpwsh\b|\bcmd(?:\.exe)?\b|command prompt", re.IGNORECASE)
_OTHER_ENGINE = re.compile(r"\b(podman|nerdctl|kubernetes|k8s|helm|rancher)\b", re.IGNORECASE)
_HERE = re.compile(r"linux|mac\s?os|unix|\bwsl|\bbash\b", re.IGNORECASE)
# A heading below one that speaks of copies: the part about the media.
_MEDIA = r"media|m[íi]dia|m[ée]dia|medien|upload|volume|picture|image|photo"
# What a person does before the copy; the rest comes after it.
_OPENS = {"cd", "mkdir", "export", "set", "source", ".", "test", "[", "ssh", "sudo", "su", "install", "touch", "trap"}
_OPENING_VERBS = {"down", "stop", "pause", "pull", "create"}


@dataclass(frozen=True)
class Aside:
    """A procedure that is printed for another machine, at `line`: `machine` is "Windows", "Podman" and so on."""

    source: Path
    line: int
    machine: str
    procedure: str


def read_procedures(blocks: Sequence[Block], folder: Path | None = None) -> Iterator[Step | Aside]:
    """Recognise the procedures in the blocks of one file. `folder` is where the reader of the guide stands."""
    earlier: list[Line] = []
    functions: dict[str, Line] = {}
    for _, together in groupby(blocks, key=lambda block: block.section):
        lines: list[Line] = []
        for block in together:
            machine = _machine(block)
            shown = _for_bash(block) if machine else block
            found = read_lines(shown, folder, functions) if machine or block.has_commands else []
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


def _machine(block: Block) -> str:
    """The other machine that a block is for, by its language, its text, its tab or the heading above it; or ""."""
    if block.language in WINDOWS_LANGUAGES or (block.has_commands and _WINDOWS_TEXT.search(block.text)):
        return "Windows"
    for words in (block.label, *block.headings[-1:], block.lead):
        if _HERE.search(words) or re.search(r"\bdocker\b(?! desktop)", words, re.IGNORECASE):
            continue
        if _WINDOWS.search(words) and len(words) < 60:
            return "Windows"
        if (other := _OTHER_ENGINE.search(words)) and len(words) < 60:
            return other[1].capitalize()
    return ""


def _for_bash(block: Block) -> Block:
    """Return a block for Windows with what its shells write otherwise as bash has it, so that it can be read."""
    text = re.sub(r"%\w+%|\$env:\w+", ".", block.text).replace("\\", "/")
    return replace(block, text=re.sub(r"[`^][ \t]*\n", r"\\\n", text))


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
        for number, line in enumerate(self.lines):
            if line.is_copy:
                yield self._step(number)
        for procedure in sorted(COPIES):
            if proposed := self._proposal(procedure):
                yield proposed

    def _step(self, core: int) -> Step:
        line = self.lines[core]
        kept = self._sequence(core)
        texts = [each.text for each in kept]
        script = "\n".join([*self._state(texts), *texts])
        spelled = spelled_out(script)
        body = line.body or (spelled if spelled != script or script != line.text else "")
        step = replace(_step(line, script, line.procedure or ""), body=body if body != script else "")
        return replace(
            step,
            kind=kind_of(step.archive or "") if line.kind == "archive" else line.kind,
            core="" if script == line.text else line.text,
            is_instead=any(core in range(*span) for span in self._alternatives),
        )

    def _proposal(self, procedure: str) -> Step | None:
        """A section under a heading that speaks of a procedure, with no command that is known to carry it out."""
        if not self.lines or any(line.is_copy for line in self.lines):
            return None
        headings = self.lines[0].block.headings
        if not re.search(rf"{HEADINGS[procedure]}|{_MEDIA}", "".join(headings[-1:]), re.IGNORECASE):
            return None
        other = next(iter(COPIES - {procedure}))
        if not speaks_of(procedure, headings) or speaks_of(other, headings):
            return None
        kept = [line for line in self.lines if line.procedure != "migrate" and not line.is_for_other_data]
        first = next((line for line in kept if line.may_copy), None)
        if first is None:
            return None
        texts = [line.text for line in kept]
        script = "\n".join([*self._state(texts), *texts])
        return replace(_step(first, script, procedure), kind="effect", core=first.text if script != first.text else "")

    def _sequence(self, core: int) -> list[Line]:
        line = self.lines[core]
        is_told = speaks_of(line.procedure or "", line.block.headings) or not line.block.headings
        return [
            each
            for number, each in enumerate(self.lines)
            if number == core or (self._belongs(number, core) and (is_told or each.block is line.block))
        ]

    def _belongs(self, number: int, core: int) -> bool:
        """Whether a line is one of those that are typed around a core."""
        line, other = self.lines[core], self.lines[number]
        if other.procedure == line.procedure and _is_step_of(other, line):
            return not self._is_instead(number, core)
        if other.is_copy or other.procedure == "migrate" or other.is_for_other_data or _deletes(other):
            return False
        if line.block.label and other.block.label not in ("", line.block.label):
            return False
        if self._is_instead(number, core):
            return False
        cores = [each for each in self.lines if each.is_copy and each.block is other.block]
        if cores and other.block is not line.block:
            return False
        return self._procedure_around(number, core) == line.procedure

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
            if _OR.search(line.lead) and any(each.is_copy for each in self.lines[:number]):
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
    return bool(line.archives & other.archives) and line.carries_file != other.carries_file


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
