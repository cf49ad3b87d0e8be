"""The storage guide: its commands, as they are printed, and its promises, as they are worded.

Where a command stands, what heading is above it and which language the guide is in don't matter: a procedure
is known by what its command does. Markdown is read as CommonMark defines it, by markdown-it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from media_guarantees.guide.steps import PROCEDURES, GuideError, Step, read_steps

__all__ = [
    "Guide",
    "GuideError",
    "GuideUnreadable",
    "Sentence",
    "Step",
    "StepAmbiguous",
    "StepMissing",
    "read_guide",
]

_COMMAND_LANGUAGES = {"", "bash", "sh", "shell", "zsh", "console", "shell-session", "shellsession"}
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=[^\s\da-zà-ÿ])")
# The words that a heading above each procedure is likely to hold, in Portuguese and in English.
_HEADINGS = {
    "migrate": r"migra",
    "backup": r"back-?up|c[óo]pia",
    "restore": r"restaur|restor|recover|recupera",
    "permissions": r"permiss|problem|troubleshoot",
    "inspect": r"inspe|verifi|problem|troubleshoot",
    "restart": r"rein[ií]ci|restart|problem|troubleshoot",
}


class GuideUnreadable(GuideError):  # noqa: N818 - the three are named for what is wrong
    """There is no text to read: no such file, not a file, not UTF-8, no permission."""


class StepMissing(GuideError):  # noqa: N818
    """The guide prints no command for a procedure."""


class StepAmbiguous(GuideError):  # noqa: N818
    """The guide prints different commands for one procedure, and doesn't say which is meant."""


@dataclass(frozen=True)
class Sentence:
    """A sentence, or a whole list item, heading or table cell, as it is read; and the line it begins on."""

    source: Path
    line: int
    text: str


@dataclass(frozen=True)
class _Passage:
    """A paragraph's plain text on one line, with the offset at which each of its printed lines begins."""

    line: int
    text: str
    line_starts: tuple[int, ...]
    kind: str

    def quote(self, found: re.Match[str], source: Path) -> Sentence:
        """Quote as much as makes sense on its own around the text that was found."""
        begin, end = 0, len(self.text)
        if self.kind == "paragraph":
            cuts = list(_SENTENCE_END.finditer(self.text))
            begin = max((cut.end() for cut in cuts if cut.end() <= found.start()), default=begin)
            end = min((cut.start() for cut in cuts if cut.start() >= found.end()), default=end)
        return Sentence(source, self.line + bisect_right(self.line_starts, begin) - 1, self.text[begin:end])


@dataclass(frozen=True)
class Guide:
    """A storage guide that has been read; every line number counts from 1."""

    source: Path
    steps: tuple[Step, ...]
    passages: tuple[_Passage, ...]

    def step(self, procedure: str) -> Step:
        """Give the command for one of the `PROCEDURES`: "migrate", "backup", "restore" and so on.

        Where there are several, those under a heading that speaks of the procedure are the ones that are meant.

        Raises:
            KeyError: there is no such procedure.
            StepMissing: the guide prints none.
            StepAmbiguous: it prints several that differ.
        """
        looked_for = PROCEDURES[procedure]
        found = [step for step in self.steps if step.procedure == procedure]
        if not found:
            raise StepMissing(
                f"{self.source}: no {procedure} command. Looked in every code block for {looked_for}."
                + self._nearest_heading(procedure)
            )
        found = [step for step in found if self._is_under_its_heading(step)] or found
        other = next((step for step in found if step.script != found[0].script), None)
        if other:
            raise StepAmbiguous(
                f"{self.source}: two different {procedure} commands, and no telling which is meant: "
                f"line {found[0].line}: {found[0].script}; line {other.line}: {other.script}"
            )
        return found[0]

    def promise(self, pattern: str | re.Pattern[str]) -> Sentence | None:
        """Quote the first sentence of the prose (never of the code) in which a pattern is found, or None.

        Markup is left out and wrapped lines are joined before searching. A list item is quoted whole. Upper
        and lower case are the same to a pattern that is given as text.
        """
        wanted = re.compile(pattern, re.IGNORECASE) if isinstance(pattern, str) else pattern
        found = ((passage, wanted.search(passage.text)) for passage in self.passages)
        return next((passage.quote(match, self.source) for passage, match in found if match), None)

    @property
    def _headings(self) -> list[_Passage]:
        return [passage for passage in self.passages if passage.kind == "heading"]

    def _is_under_its_heading(self, step: Step) -> bool:
        above = [heading.text for heading in self._headings if heading.line < step.line]
        return bool(above and re.search(_HEADINGS[step.procedure], above[-1], re.IGNORECASE))

    def _nearest_heading(self, procedure: str) -> str:
        words = re.compile(_HEADINGS[procedure], re.IGNORECASE)
        nearest = next((heading for heading in self._headings if words.search(heading.text)), None)
        return f' The nearest heading is "{nearest.text}", line {nearest.line}.' if nearest else ""


def read_guide(path: Path, folder: Path | None = None) -> Guide:
    """Read a guide in Markdown. `folder` is where its reader stands, and where the scripts are that it runs.

    Raises:
        GuideUnreadable: the path is no readable file of UTF-8 text.
    """
    tokens = MarkdownIt("commonmark").enable("table").parse(_read_text(path))
    return Guide(path, tuple(_read_steps(tokens, path, folder)), tuple(_read_prose(tokens)))


def _read_text(path: Path) -> str:
    try:
        if not path.is_file():  # asked first: opening a pipe would wait for ever
            seen = "is a directory" if path.is_dir() else "is no regular file" if path.exists() else "is missing"
            raise _unreadable(path, seen)
        text = path.read_bytes().decode("utf-8-sig")
        if "\0" in text or not text.strip():
            raise _unreadable(path, "holds binary data" if text.strip() else "is empty")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, f"is not UTF-8 text, as line {line} shows ({error.reason})") from error
    except (OSError, ValueError) as error:  # ValueError: a path that holds a NUL
        raise _unreadable(path, f"can't be read: {error}") from error
    return text


def _unreadable(path: Path, seen: str) -> GuideUnreadable:
    return GuideUnreadable(
        f"a storage guide should be told of by GUIDE=…, but {str(path)!r} {seen}\n"
        "  means: without a guide there is no promise that could be tested\n"
        "  hint: name a Markdown file: make verify GUIDE=docs/storage.md"
    )


def _read_steps(tokens: list[Token], source: Path, folder: Path | None) -> Iterator[Step]:
    for token in tokens:
        language = (token.info.split() or [""])[0].lower()
        if token.type in {"fence", "code_block"} and token.map and language in _COMMAND_LANGUAGES:
            fence_lines = 1 if token.type == "fence" else 0
            yield from read_steps(token.content, source, token.map[0] + fence_lines + 1, folder)


def _read_prose(tokens: list[Token]) -> Iterator[_Passage]:
    kinds: list[str] = []
    for token in tokens:
        if token.nesting == 1:
            kinds.append(token.type.removesuffix("_open"))
        elif token.nesting == -1:
            kinds.pop()
        elif token.type == "inline" and token.map:
            kind = "item" if "list_item" in kinds else kinds[-1]
            yield _read_passage(token, token.map[0] + 1, kind)


def _read_passage(token: Token, line: int, kind: str) -> _Passage:
    text, line_starts = "", [0]
    for part in token.children or []:
        if part.type in {"softbreak", "hardbreak"}:
            text += " "
            line_starts.append(len(text))
        elif part.type in {"text", "code_inline", "image"}:
            text += part.content
    return _Passage(line, text, tuple(line_starts), kind)
