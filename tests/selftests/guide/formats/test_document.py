"""A block of code knows the headings above it, the prose before it, and which other blocks belong to its procedure."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.guide.formats.document import Block, Passage, placed

SOURCE = Path("guide.md")


def heading(line: int, text: str, level: int) -> Passage:
    return Passage(SOURCE, line, text, kind="heading", level=level)


def block(line: int) -> Block:
    return Block(SOURCE, line, "ls\n")


def blocks(*parts: Passage | Block) -> list[Block]:
    return [part for part in placed(iter(parts)) if isinstance(part, Block)]


def test_a_block_has_the_headings_that_it_stands_below() -> None:
    (found,) = blocks(
        heading(1, "Media", 1), heading(3, "Install", 2), heading(5, "Backup", 2), heading(7, "By hand", 3), block(9)
    )

    assert found.headings == ("Media", "Backup", "By hand")


def test_the_prose_directly_above_leads_to_one_block() -> None:
    first, second = blocks(Passage(SOURCE, 1, "Or by hand:"), block(3), block(6))

    assert (first.lead, second.lead) == ("Or by hand:", "")


@pytest.mark.parametrize(
    "part", ["1. Stop the service", "2.1 Archive", "Step 3", "Passo 2: parar", "Étape 1", "Schritt 4"]
)
def test_a_numbered_part_belongs_to_the_section_above_it(part: str) -> None:
    (found,) = blocks(heading(1, "Media", 1), heading(3, "Backup", 2), heading(5, part, 3), block(7))

    assert found.section == 3


@pytest.mark.parametrize("part", ["2. Backup", "3. Restore", "4. Wiederherstellung", "By hand"])
def test_a_part_that_names_a_procedure_is_a_section_of_its_own(part: str) -> None:
    (found,) = blocks(heading(1, "Media", 1), heading(5, part, 2), block(7))

    assert found.section == 5


@pytest.mark.parametrize("stop", ["Stop the server", "Arrêter les services", "Parar os serviços", "Dienste anhalten"])
def test_parts_beside_one_that_stops_the_service_are_steps_of_one_procedure(stop: str) -> None:
    found = blocks(
        heading(1, "Media", 1), heading(3, "Backup", 2), heading(5, stop, 3), block(7),
        heading(9, "Copy the files", 3), block(11), heading(13, "Start it", 3), block(15), heading(17, "Other", 2),
        block(19),
    )  # fmt: skip

    assert [each.section for each in found] == [3, 3, 3, 17]


@pytest.mark.parametrize(
    ("above", "parts"),
    [
        ("Backup", ["Stop the server", "Restore"]),
        ("Backup", ["Database", "Files"]),
        ("Daily operation", ["Stop the server", "Start the server"]),
    ],
)
def test_other_parts_are_sections_of_their_own(above: str, parts: list[str]) -> None:
    first, second = parts
    found = blocks(
        heading(1, "A", 1), heading(3, above, 2), heading(5, first, 3), block(7), heading(9, second, 3), block(11)
    )

    assert [each.section for each in found] == [5, 9]


@pytest.mark.parametrize(
    ("language", "has_commands", "is_console"),
    [
        ("", True, False),
        ("bash", True, False),
        ("console", True, True),
        ("yaml", False, False),
        ("powershell", False, False),
    ],
)
def test_commands_are_in_blocks_of_a_shell(language: str, *, has_commands: bool, is_console: bool) -> None:
    found = Block(SOURCE, 1, "ls\n", language)

    assert (found.has_commands, found.is_console) == (has_commands, is_console)
