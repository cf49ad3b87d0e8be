"""A guide in reStructuredText is read as docutils reads it, with the directives of Sphinx that hold a guide's text."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.guide.formats.document import Block, Passage
from media_guarantees.guide.formats.restructured_text import read_restructured_text

TEXT = """Media
=====

Pictures are *kept* in
the volume ``media_volume``, see :ref:`there`.

Backup
------

Run::

    docker compose stop web
    ls

.. code-block:: console
   :linenos:

   $ docker run x
   out

.. tabs::

   .. tab:: Linux

      .. code-block:: bash

         ls a

   .. code-tab:: powershell

      dir

.. prompt:: bash $

   docker ps

.. include:: /etc/passwd

.. raw:: html

   <pre>ls b</pre>

.. nothing-known:: x

   ls c

..
   A comment::

      ls d

1. First::

      ls e
"""


def parts(text: str = TEXT) -> list[Passage | Block]:
    return list(read_restructured_text(text, Path("guide.rst")))


def test_blocks_of_code_are_found_with_their_language_and_their_line() -> None:
    found = [(part.line, part.language, part.text) for part in parts() if isinstance(part, Block)]

    assert found == [
        (12, "", "docker compose stop web\nls\n"),
        (18, "console", "$ docker run x\nout\n"),
        (27, "bash", "ls a\n"),
        (31, "powershell", "dir\n"),
        (35, "bash", "docker ps\n"),
        (54, "", "ls e\n"),
    ]


def test_a_block_in_a_tab_has_the_name_of_the_tab() -> None:
    labels = [part.label for part in parts() if isinstance(part, Block)]

    assert labels == ["", "", "Linux", "powershell", "", ""]


def test_headings_have_levels() -> None:
    found = [(part.line, part.text, part.level) for part in parts() if isinstance(part, Passage) and part.level]

    assert found == [(1, "Media", 1), (7, "Backup", 2)]


def test_prose_is_joined_and_its_lines_are_known() -> None:
    found = next(part for part in parts() if isinstance(part, Passage) and not part.level)

    assert found.text.startswith("Pictures are kept in the volume media_volume, see ")
    assert (found.line, found.line_starts) == (4, (0, 21))


def test_no_other_file_is_read() -> None:
    assert not any("root:" in part.text for part in parts())


@pytest.mark.parametrize("text", ["", "x\n==", "::\n\n  ls\n", ".. code-block::\n", "*x", "====\n"])
def test_any_text_can_be_read(text: str) -> None:
    assert len(parts(text)) <= 2
