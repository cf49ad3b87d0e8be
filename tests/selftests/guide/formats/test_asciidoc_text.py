"""A guide in AsciiDoc has its headings, its prose and its blocks of code, each at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.guide.formats.asciidoc_text import read_asciidoc
from media_guarantees.guide.formats.document import Block, Passage

TEXT = """= Media
:toc:

Pictures are *kept* in
`media_volume`.

== Backup

.Linux
[source,bash]
----
docker run a # <1>

ls
----
<1> The volume.

* Keep them
+
[,console]
....
$ ls
....

////
[source,bash]
----
rm -rf /
----
////

[NOTE]
====
[source,sh]
ls -l
====

 ls -a
   -b

[source,powershell]
----
dir
----

```bash
ls -c
```
"""


def parts() -> list[Passage | Block]:
    return list(read_asciidoc(TEXT, Path("guide.adoc")))


def test_blocks_of_code_are_found_with_their_language_and_their_line() -> None:
    found = [(part.line, part.language, part.text) for part in parts() if isinstance(part, Block)]

    assert found == [
        (12, "bash", "docker run a\n\nls\n"),
        (22, "console", "$ ls\n"),
        (35, "sh", "ls -l\n"),
        (38, "", "ls -a\n  -b\n"),
        (43, "powershell", "dir\n"),
        (47, "bash", "ls -c\n"),
    ]


def test_a_title_above_a_block_is_its_label() -> None:
    labels = [part.label for part in parts() if isinstance(part, Block)]

    assert labels == ["Linux", "", "", "", "", ""]


def test_headings_have_levels() -> None:
    found = [(part.line, part.text, part.level) for part in parts() if isinstance(part, Passage) and part.level]

    assert found == [(1, "Media", 1), (7, "Backup", 2)]


def test_prose_is_joined_and_its_lines_are_known() -> None:
    found = next(part for part in parts() if isinstance(part, Passage) and not part.level)

    assert (found.line, found.text, found.line_starts) == (4, "Pictures are kept in media_volume.", (0, 21))


@pytest.mark.parametrize("text", ["", "----", "[source,bash]", "```\nls", "====\n====\n", "* \n"])
def test_any_text_can_be_read(text: str) -> None:
    assert len(list(read_asciidoc(text, Path("guide.adoc")))) <= 1
