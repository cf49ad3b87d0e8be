"""Tabs of documentation sites give their names to the blocks of code in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.guide.formats.document import Block
from media_guarantees.guide.formats.markdown_text import read_markdown

LAST = "```\nx\n```\n"
TABS = {
    "Python-Markdown": '=== "Linux"\n\n    ```\n    ls\n    ```\n\n=== "Windows"\n\n    ```\n    dir\n    ```\n\n',
    "Docusaurus": '<TabItem value="l" label="Linux">\n\n```\nls\n```\n\n</TabItem>\n'
    '<TabItem value="Windows">\n\n```\ndir\n```\n\n</TabItem>\n\n',
    "VitePress": "::: code-group\n\n```bash [Linux]\nls\n```\n\n```bash [Windows]\ndir\n```\n\n:::\n\n",
}


@pytest.mark.parametrize("text", TABS.values(), ids=TABS.keys())
def test_a_block_in_a_tab_has_the_name_of_the_tab(text: str) -> None:
    blocks = [part for part in read_markdown(text + LAST, Path("guide.md")) if isinstance(part, Block)]

    assert [(block.label, block.text) for block in blocks] == [("Linux", "ls\n"), ("Windows", "dir\n"), ("", "x\n")]
