"""The storage guide: its commands, as they are printed, and its promises, as they are worded.

Where a command stands, what heading is above it and which language the guide is in don't matter: a procedure
is known by what its command does. Markdown is read as CommonMark defines it, by markdown-it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

from media_guarantees.guide.steps import PROCEDURES, GuideError, Step, read_steps

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

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

_CONSOLES = {"console", "shell-session", "shellsession", "terminal", "sh-session", "bash-session"}
_COMMAND_LANGUAGES = {"", "bash", "sh", "shell", "zsh", "ksh", *_CONSOLES}
_PRE = re.compile(r"<pre[^>]*>\s*?(?:<code[^>]*>)?(?P<text>.*?)(?:</code>)?\s*</pre>", re.DOTALL | re.IGNORECASE)
_DELETION = re.compile(r"delet|remov|reset|wipe|apaga|exclu|zera|limpa|borra|elimin|supprim|l[öo]sch", re.IGNORECASE)
_FENCED = re.compile(r"^(?:```|~~~)", re.MULTILINE)
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
    media: frozenset[str] = frozenset()

    def about(self, media: Iterable[str]) -> Guide:
        """Return the guide for media that are called so: by the name of a volume, a service or a container."""
        return replace(self, media=frozenset(media))

    def step(self, procedure: str) -> Step:
        """Give the command for one of the `PROCEDURES`: "migrate", "backup", "restore" and so on.

        Where there are several, those that work on the media are the ones that are meant, and of these those under a
        heading that speaks of the procedure. Where no backup and no restore works on the media, it is the first: what
        a reader of the guide would take for it.

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
        found = self._on_media([step for step in found if not self._is_deletion(step)])
        if not found:
            raise StepMissing(
                f"{self.source}: no {procedure} command for {', '.join(sorted(self.media))}, only for others"
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

    def _on_media(self, found: list[Step]) -> list[Step]:
        """Leave out what works on something else than the media, where they have a name here."""
        if not self.media or not found:
            return found
        touching = {answer: [step for step in found if step.touches(self.media) is answer] for answer in (True, None)}
        is_copy = found[0].procedure in {"backup", "restore"}
        return touching[True] or touching[None] or (found[:1] if is_copy else [])

    @property
    def _headings(self) -> list[_Passage]:
        return [passage for passage in self.passages if passage.kind == "heading"]

    def _is_under_its_heading(self, step: Step) -> bool:
        return bool(re.search(_HEADINGS[step.procedure], self._heading_above(step), re.IGNORECASE))

    def _is_deletion(self, step: Step) -> bool:
        """Whether it is printed to delete the media, and does: that is no restart, though it stops and starts."""
        return step.removes_volumes and bool(_DELETION.search(self._heading_above(step)))

    def _heading_above(self, step: Step) -> str:
        above = [heading.text for heading in self._headings if heading.line < step.line]
        return above[-1] if above else ""

    def _nearest_heading(self, procedure: str) -> str:
        words = re.compile(_HEADINGS[procedure], re.IGNORECASE)
        nearest = next((heading for heading in self._headings if words.search(heading.text)), None)
        return f' The nearest heading is "{nearest.text}", line {nearest.line}.' if nearest else ""


def read_guide(path: Path, folder: Path | None = None) -> Guide:
    """Read a guide in Markdown. `folder` is where its reader stands, and where the scripts are that it runs.

    Raises:
        GuideUnreadable: the path is no readable file of UTF-8 text.
    """
    text = _read_text(path)
    if path.suffix == ".sh":
        return Guide(path, tuple(read_steps(text, path, 1, folder)), ())
    tokens = _markdown().parse(text)
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


def _read_steps(tokens: list[Token], source: Path, folder: Path | None, above: int = 0) -> Iterator[Step]:
    """Read every block of code; `above` is how many lines of the file stand before the text of the `tokens`."""
    for token in tokens:
        if not token.map:
            continue
        line = above + token.map[0] + 1
        if token.type == "code_block" and _FENCED.search(token.content):
            # What Python-Markdown indents under a tab or an admonition is Markdown once more.
            yield from _read_steps(_markdown().parse(token.content), source, folder, line - 1)
        elif token.type in {"fence", "code_block"}:
            language = _language(token.info)
            first = line + (token.type == "fence")
            if language in _COMMAND_LANGUAGES:
                yield from read_steps(token.content, source, first, folder, as_root=language in _CONSOLES)
        elif token.type == "html_block":
            for found in _PRE.finditer(token.content):
                first = line + token.content.count("\n", 0, found.start("text"))
                yield from read_steps(unescape(found["text"]), source, first, folder)


def _language(info: str) -> str:
    """Return the language of a fence, however it is written: `bash`, `{.bash}`, `bash{1,2}`, `shell script`."""
    found = re.match(r"\{?\s*\.?(?P<name>[\w-]*)", info.strip())
    return found["name"].lower() if found else ""


def _markdown() -> MarkdownIt:
    # Loaded here, where a guide is read: a run's first line does not wait for it.
    from markdown_it import MarkdownIt  # noqa: PLC0415

    return MarkdownIt("commonmark").enable("table")


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
