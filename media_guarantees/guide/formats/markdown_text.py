"""A guide in Markdown, as CommonMark defines it, with what documentation sites add: tabs, admonitions, `<pre>`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

from media_guarantees.guide.formats.document import Block, Passage

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_PRE = re.compile(r"<pre[^>]*>\s*?(?:<code[^>]*>)?(?P<text>.*?)(?:</code>)?\s*</pre>", re.DOTALL | re.IGNORECASE)
_FENCED = re.compile(r"^(?:```|~~~)", re.MULTILINE)
# Tabs of Python-Markdown (`=== "Linux"`), of Docusaurus and Starlight (`<TabItem label="Linux">`), and of VitePress,
# which writes the name of the tab into the fence (`bash [Linux]`).
_TAB = re.compile(r'^={3}[!+]*\s+"(?P<name>[^"]*)"')
_TAB_ELEMENTS = [
    re.compile(rf"<TabItem\b[^>]*?\b{name}=[\"'{{]+(?P<name>[^\"'}}]*)", re.IGNORECASE) for name in ("label", "value")
]
_TAB_END = re.compile(r"</(?:TabItem|Tabs)>", re.IGNORECASE)
_TAB_OF_FENCE = re.compile(r"\[(?P<name>[^\]]+)\]\s*$")


def read_markdown(text: str, source: Path) -> Iterator[Passage | Block]:
    """Yield the passages and blocks of a text, in order."""
    yield from _read(_markdown().parse(text), source, above=0, label="")


def _markdown() -> MarkdownIt:
    # Loaded here, where a guide is read: a run's first line does not wait for it.
    from markdown_it import MarkdownIt  # noqa: PLC0415

    return MarkdownIt("commonmark").enable("table")


def _read(tokens: Sequence[Token], source: Path, above: int, label: str) -> Iterator[Passage | Block]:
    """Read tokens; `above` is how many lines of the file stand before their text."""
    kinds: list[str] = []
    level, name = 0, label
    for token in tokens:
        if token.nesting == 1:
            kinds.append(token.type.removesuffix("_open"))
            level = int(token.tag[1]) if token.type == "heading_open" else 0
        elif token.nesting == -1:
            kinds.pop()
        if not token.map:
            continue
        line = above + token.map[0] + 1
        if token.type == "inline":
            kind = "item" if "list_item" in kinds else kinds[-1]
            passage = _passage(token, source, line, kind, level)
            if opened := _TAB.match(passage.text):
                name = opened["name"]
            else:
                yield passage
        elif token.type == "html_block":
            name = _tab_in(token.content, name, label)
            yield from _in_html(token, source, line, name)
        elif token.type == "code_block" and _FENCED.search(token.content):
            # What Python-Markdown indents under a tab or an admonition is Markdown once more.
            yield from _read(_markdown().parse(token.content), source, line - 1, name)
            name = label
        elif token.type in {"fence", "code_block"}:
            first = line + (token.type == "fence")
            of_fence = _TAB_OF_FENCE.search(token.info)
            yield Block(source, first, token.content, _language(token.info), of_fence["name"] if of_fence else name)


def _tab_in(html: str, name: str, outer: str) -> str:
    opened = filter(None, (element.search(html) for element in _TAB_ELEMENTS))
    if found := next(opened, None):
        return found["name"]
    return outer if _TAB_END.search(html) else name


def _in_html(token: Token, source: Path, line: int, label: str) -> Iterator[Block]:
    for found in _PRE.finditer(token.content):
        first = line + token.content.count("\n", 0, found.start("text"))
        yield Block(source, first, unescape(found["text"]), label=label)


def _language(info: str) -> str:
    """Return the language of a fence, however it is written: `bash`, `{.bash}`, `bash{1,2}`, `shell script`."""
    found = re.match(r"\{?\s*\.?(?P<name>[\w-]*)", info.strip())
    return found["name"].lower() if found else ""


def _passage(token: Token, source: Path, line: int, kind: str, level: int) -> Passage:
    text, line_starts = "", [0]
    for part in token.children or []:
        if part.type in {"softbreak", "hardbreak"}:
            text += " "
            line_starts.append(len(text))
        elif part.type in {"text", "code_inline", "image"}:
            text += part.content
    return Passage(source, line, text, tuple(line_starts), kind, level)
