"""A command line knows what it asks for and what it touches."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.guide.command_line import Line
from media_guarantees.guide.formats.document import Block
from media_guarantees.guide.parsing.shell_words import read_commands


def line(text: str) -> Line:
    return Line(Block(Path("guide.md"), 1, text, "bash"), 1, next(read_commands(text)))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("docker cp web:/tmp/m.tgz .", {"m.tgz"}),
        ('docker exec web sh -c "tar czf /tmp/m.tgz /m"', {"m.tgz"}),
        ("docker cp $(docker ps -q):/tmp/m.tar.gz ./n.tar.gz", {"m.tar.gz", "n.tar.gz"}),
        ("docker cp web:/m ./m", set()),
    ],
)
def test_the_archives_in_a_line_are_known_without_their_folders(text: str, names: set[str]) -> None:
    assert line(text).archives == names


@pytest.mark.parametrize(
    ("text", "kind"), [("tar czf m.tgz m", "archive"), ("zip -r m.zip m", "other"), ("docker cp web:/m ./m", "")]
)
def test_what_packs_a_folder_is_known(text: str, kind: str) -> None:
    assert line(text).packs == kind


def test_a_program_that_writes_to_its_output_makes_no_file_in_the_container() -> None:
    export = "docker compose exec -T web platform export"

    assert line(export).programs_inside == {("web", "backup")}
    assert line(f"{export} > export.zip").programs_inside == set()


def test_only_volumes_with_a_name_are_volumes() -> None:
    assert line("docker run -v media:/m -v $PWD:/b -v /srv:/s alpine ls").volumes == {"media"}
