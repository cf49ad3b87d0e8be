"""What every format of a guide is read into: headings and other passages of prose, and blocks of code among them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CONSOLES = frozenset({"console", "shell-session", "shellsession", "terminal", "sh-session", "bash-session"})
COMMAND_LANGUAGES = frozenset({"", "bash", "sh", "shell", "zsh", "ksh", "cron", "crontab", *CONSOLES})
WINDOWS_LANGUAGES = frozenset({"powershell", "pwsh", "ps1", "ps", "posh", "bat", "batch", "cmd", "dos"})
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=[^\s\da-zà-ÿ])")
# "1. Stop the service", "Step 2": parts of what stands above them, unless they name a procedure themselves.
_PART = re.compile(r"\W*(?:\d+(?:\.\d+)*[.):]?\s|(?:step|passo|paso|schritt|[ée]tape)\b)", re.IGNORECASE)
_PROCEDURE_WORDS = re.compile(
    r"back(?:ing)?[- ]?up|c[óo]pia|cop(?:y|ies)\b|restor|restaur|recover|r[ée]cup[ée]r|sauvegard|sicherung"
    r"|sichern\b|respald|wiederherstell|zur[üu]ckspiel",
    re.IGNORECASE,
)


_RESTORE_WORDS = re.compile(r"restor|restaur|recover|r[ée]cup[ée]r|wiederherstell|zur[üu]ckspiel", re.IGNORECASE)
# "Stop the server": the parts beside it, each with a heading, are the steps of what stands above them.
_STOPS = re.compile(
    r"\W*(?:stop|shut(?:ting)? ?down|pause|halt|(?:enable|turn on|enter) maintenance|parar?\b|pare\b|detener|det[ée]n"
    r"|arr[êe]t|anhalten|stoppen|(?:den |die )?dienste? (?:an|stopp|beend))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Sentence:
    """A sentence, or a whole list item, heading or table cell, as it is read; and the line it begins on."""

    source: Path
    line: int
    text: str


@dataclass(frozen=True)
class Passage:
    """A paragraph's plain text on one line, with the offset at which each of its printed lines begins.

    `kind` is "paragraph", "heading", "item" or another word; `level` is that of a heading, 1 for the highest.
    """

    source: Path
    line: int
    text: str
    line_starts: tuple[int, ...] = (0,)
    kind: str = "paragraph"
    level: int = 0

    def quote(self, found: re.Match[str]) -> Sentence:
        """Quote as much as makes sense on its own around the text that was found."""
        begin, end = 0, len(self.text)
        if self.kind == "paragraph":
            cuts = list(_SENTENCE_END.finditer(self.text))
            begin = max((cut.end() for cut in cuts if cut.end() <= found.start()), default=begin)
            end = min((cut.start() for cut in cuts if cut.start() >= found.end()), default=end)
        return Sentence(self.source, self.line + bisect_right(self.line_starts, begin) - 1, self.text[begin:end])


@dataclass(frozen=True)
class Block:
    """A block of code: its `text`, whose first line is line `line` of `source`.

    `language` is in lower case, "" if the guide names none. `label` is the name of the tab that the block is in, and
    `lead` the prose directly above it. `headings` are those that it stands below, the highest first; `section` is the
    line of the heading whose blocks belong together, 0 above the first heading.
    """

    source: Path
    line: int
    text: str
    language: str = ""
    label: str = ""
    lead: str = ""
    headings: tuple[str, ...] = ()
    section: int = 0

    @property
    def has_commands(self) -> bool:
        """Whether its language is one that a person types at a shell."""
        return self.language in COMMAND_LANGUAGES

    @property
    def is_console(self) -> bool:
        """Whether it shows a terminal, with prompts and output."""
        return self.language in CONSOLES


Document = tuple["Passage | Block", ...]


def placed(parts: Iterable[Passage | Block]) -> Iterator[Passage | Block]:
    """Give each block its headings, its section and the prose above it; `parts` are in the order of the text."""
    parts = list(parts)
    in_steps = _headings_of_steps([part for part in parts if isinstance(part, Passage) and part.kind == "heading"])
    above: list[Passage] = []
    lead = ""
    for part in parts:
        if isinstance(part, Passage):
            if part.kind == "heading":
                above = [*(heading for heading in above if heading.level < part.level), part]
            lead = "" if part.kind == "heading" else part.text
            yield part
            continue
        headings = tuple(heading.text for heading in above)
        section = _section(above, in_steps)
        yield Block(part.source, part.line, part.text, part.language, part.label, part.lead or lead, headings, section)
        lead = ""


def _headings_of_steps(headings: Sequence[Passage]) -> frozenset[int]:
    """Return the lines of the headings below which each part is one step, as one of them is to stop the service."""
    below: dict[int, list[Passage]] = {}
    above: list[Passage] = []
    for heading in headings:
        above = [*(each for each in above if each.level < heading.level), heading]
        if len(above) > 1 and _PROCEDURE_WORDS.search(above[-2].text):
            below.setdefault(above[-2].line, []).append(heading)
    texts = {heading.line: heading.text for heading in headings}
    return frozenset(
        line
        for line, parts in below.items()
        if any(_STOPS.match(part.text) for part in parts)
        and (_RESTORE_WORDS.search(texts[line]) or not any(_RESTORE_WORDS.search(part.text) for part in parts))
    )


def _section(above: Sequence[Passage], in_steps: Collection[int]) -> int:
    for number, heading in reversed(list(enumerate(above))):
        is_numbered = _PART.match(heading.text) and not _PROCEDURE_WORDS.search(heading.text)
        if not number or not (is_numbered or above[number - 1].line in in_steps):
            return heading.line
    return 0
