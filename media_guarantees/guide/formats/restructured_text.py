"""A guide in reStructuredText, read by docutils; the directives of Sphinx that hold a guide's text are read as such.

Nothing is executed or included: a guide's text is that of its own file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives

from media_guarantees.guide.formats.document import Block, Passage

_SETTINGS: dict[str, Any] = {
    "file_insertion_enabled": False, "raw_enabled": False, "report_level": 5, "halt_level": 5,
    "input_encoding": "unicode", "doctitle_xform": False, "sectsubtitle_xform": False, "_disable_config": True,
}  # fmt: skip
_TABS = ("tab", "tab-item", "group-tab", "md-tab-item")
_HOLDERS = (
    "tabs", "tab-set", "md-tab-set", "content-tabs", "only", "collapse", "dropdown", "details", "versionadded",
    "versionchanged", "deprecated", "seealso",
)  # fmt: skip
_SHELLS = {"prompt": "bash", "cmd": "bash"}
_LISTINGS = ("code-block", "sourcecode", "code-tab", *_SHELLS)


class _Holder(Directive):
    """A directive whose content is text like any other; that of a tab has the tab's name."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = None

    def run(self) -> list[nodes.Node]:
        holder = nodes.container()
        if self.name in _TABS:
            holder["tab"] = " ".join(self.arguments)
        self.state.nested_parse(self.content, self.content_offset, holder)
        return [holder]


class _Listing(Directive):
    """A directive that shows code: its language is its first argument, or that of its name."""

    has_content = True
    optional_arguments = 10
    final_argument_whitespace = False

    def run(self) -> list[nodes.Node]:
        language = _SHELLS.get(self.name) or next(iter(self.arguments), "")
        content = [line for line in self.content if not re.match(r":[\w-]+:", line)]
        listing = nodes.literal_block("\n".join(content), "\n".join(content), classes=["code", language])
        if self.name == "code-tab":
            listing["tab"] = " ".join(self.arguments[1:]) or language
        return [listing]


def read_restructured_text(text: str, source: Path) -> Iterator[Passage | Block]:
    """Yield the passages and blocks of a text, in order."""
    for name in _TABS + _HOLDERS:
        directives.register_directive(name, _Holder)
    for name in _LISTINGS:
        directives.register_directive(name, _Listing)
    lines = text.splitlines()
    reached = 0
    for node in publish_doctree(text, settings_overrides=_SETTINGS).findall():
        if not isinstance(node, (nodes.literal_block, nodes.title, nodes.paragraph, nodes.term)):
            continue
        if _is_in_message(node):
            continue
        # docutils counts the lines of some nodes from elsewhere: the text itself says where it is.
        content = node.astext()
        reached = _line_of(content, lines, reached)
        if isinstance(node, nodes.literal_block):
            yield Block(source, reached + 1, f"{content}\n", _language(node), _tab(node))
        else:
            yield _passage(node, content, source, reached + 1)


def _is_in_message(node: nodes.Node) -> bool:
    return any(isinstance(each, (nodes.system_message, nodes.comment)) for each in _ancestors(node))


def _line_of(content: str, lines: list[str], reached: int) -> int:
    """Return the number, from 0, of the line at which a text begins, at or after the line `reached`."""
    first = next((line.strip() for line in content.splitlines() if line.strip()), "")
    start = re.sub(r"[*`_\\]", "", first)[:20].strip()
    for number in range(reached, len(lines)):
        if start and start in re.sub(r"[*`_\\]", "", lines[number]):
            return number
    return reached


def _language(listing: nodes.Element) -> str:
    classes: list[str] = listing.get("classes", [])
    return next((name.lower() for name in classes if name and name != "code"), "")


def _tab(node: nodes.Element) -> str:
    holders = (node, *_ancestors(node))
    return next((str(each["tab"]) for each in holders if isinstance(each, nodes.Element) and each.get("tab")), "")


def _passage(node: nodes.Element, content: str, source: Path, line: int) -> Passage:
    joined = content.replace("\n", " ")
    line_starts = (0, *(found.end() for found in re.finditer("\n", content)))
    if isinstance(node, nodes.title) and isinstance(node.parent, nodes.section):
        level = sum(isinstance(each, nodes.section) for each in _ancestors(node))
        return Passage(source, line, joined, line_starts, "heading", level)
    kind = "item" if any(isinstance(each, nodes.list_item) for each in _ancestors(node)) else "paragraph"
    return Passage(source, line, joined, line_starts, kind)


def _ancestors(node: nodes.Node) -> Iterator[nodes.Node]:
    while node.parent is not None:
        node = node.parent
        yield node
