"""The headings, paragraphs and blocks of code of a guide in AsciiDoc.

No library reads it that could be relied on: those on PyPI are converters under the GPL, or have no stable release. What
a guide needs is little: the delimiters of AsciiDoc's blocks and the attribute lines above them, as the language defines
them (docs.asciidoctor.org/asciidoc/latest/blocks/delimited). Substitutions and includes are not carried out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

from media_guarantees.guide.formats.document import Block, Passage

_HEADING = re.compile(r"(?P<marks>={1,6}|#{1,6})\s+(?P<text>\S.*)")
_VERBATIM = re.compile(r"-{4,}|\.{4,}|```.*")
_DROPPED = re.compile(r"/{4,}|\+{4,}")
_TRANSPARENT = re.compile(r"={4,}|\*{4,}|_{4,}|--|\|===")
_ATTRIBUTES = re.compile(r"\[(?P<list>[^\[\]]*)\]")
_TITLE = re.compile(r"\.(?P<text>[^\s.].*)")
_ITEM = re.compile(r"^(?:[*.\-]+|\d+\.)\s+")
_ENTRY = re.compile(r":[\w!-]+:.*|//(?!/).*|(?:include|ifdef|ifndef|endif)::.*|\+")
_CALLOUT = re.compile(r"[ \t]*(?:#[ \t]*)?<(?:\d+|\.)>[ \t]*$", re.MULTILINE)
_MARKUP = re.compile(r"(?<!\w)[*_`]+|[*_`]+(?!\w)|\+\+?")


def read_asciidoc(text: str, source: Path) -> Iterator[Passage | Block]:
    """Yield the passages and blocks of a text, in order."""
    lines = text.splitlines()
    number = 0
    language: str | None = None  # None where no attribute line says that source code follows
    label = ""
    while number < len(lines):
        line = lines[number].rstrip()
        end = _end_of_paragraph(lines, number)
        if not line or _ENTRY.fullmatch(line) or _TRANSPARENT.fullmatch(line):
            end = number + 1
        elif attributes := _ATTRIBUTES.fullmatch(line):
            language, end = _language(attributes["list"]), number + 1
        elif title := _TITLE.fullmatch(line):
            label, end = title["text"], number + 1
        elif heading := _HEADING.fullmatch(line):
            yield Passage(source, number + 1, heading["text"], kind="heading", level=len(heading["marks"]))
            end, language, label = number + 1, None, ""
        elif _VERBATIM.fullmatch(line) or _DROPPED.fullmatch(line):
            end = _end_of_block(lines, number)
            if _VERBATIM.fullmatch(line):
                named = line[3:] if line.startswith("```") else language or ""
                yield _block(source, number + 2, lines[number + 1 : end - 1], named, label)
            language, label = None, ""
        elif language is not None or lines[number].startswith((" ", "\t")):
            yield _block(source, number + 1, lines[number:end], language or "", label)
            language, label = None, ""
        else:
            yield _passage(source, number, lines[number:end])
        number = end


def _end_of_paragraph(lines: list[str], number: int) -> int:
    return next((at for at in range(number + 1, len(lines)) if _ends_paragraph(lines[at].rstrip())), len(lines))


def _ends_paragraph(line: str) -> bool:
    is_mark = any(pattern.fullmatch(line) for pattern in (_VERBATIM, _DROPPED, _TRANSPARENT, _ATTRIBUTES))
    return not line or line == "+" or is_mark or bool(_ITEM.match(line))


def _end_of_block(lines: list[str], number: int) -> int:
    mark = lines[number].rstrip()
    mark = "```" if mark.startswith("```") else mark
    return next((at + 1 for at in range(number + 1, len(lines)) if lines[at].rstrip() == mark), len(lines) + 1)


def _language(attributes: str) -> str | None:
    """Return the language that `[source,bash]` or `[,bash]` names, None for attributes of anything else."""
    names = [name.strip().strip('"') for name in attributes.split(",")]
    if names[0].partition("%")[0] not in {"source", "listing", "literal", ""} or names == [""]:
        return None
    return names[1].lower() if len(names) > 1 and "=" not in names[1] else ""


def _block(source: Path, line: int, lines: list[str], language: str, label: str) -> Block:
    text = _CALLOUT.sub("", dedent("\n".join(lines)))
    return Block(source, line, f"{text}\n", language.strip().lower(), label)


def _passage(source: Path, number: int, lines: list[str]) -> Passage:
    kind = "item" if _ITEM.match(lines[0]) else "paragraph"
    texts = [_MARKUP.sub("", line.strip()) for line in (_ITEM.sub("", lines[0], count=1), *lines[1:])]
    starts, length = [0], 0
    for text in texts[:-1]:
        length += len(text) + 1
        starts.append(length)
    return Passage(source, number + 1, " ".join(texts), tuple(starts), kind)
