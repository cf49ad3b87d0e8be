"""The table of sabotages holds what it must."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from cover import MOST, broken_by, cover, drawn
from table import BROKEN, HEALTHY, SILENT

from media_guarantees.evidence.catalogue import CATALOGUE

HERE = Path(__file__).parent


def test_every_guarantee_is_broken_by_a_sabotage() -> None:
    assert {guarantee.identifier for guarantee in CATALOGUE} == broken_by(BROKEN)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("broken", [row.name for row in BROKEN]),
        ("silent", [row.name for row in SILENT]),
        ("healthy", HEALTHY),
    ],
)
def test_every_row_has_its_file_and_every_file_its_row(kind: str, names: list[str]) -> None:
    files = sorted(file.stem for file in (HERE / kind).glob("*.py"))

    assert files == sorted(names)


@pytest.mark.parametrize("file", sorted((HERE / "broken").glob("*.py")), ids=lambda file: file.stem)
def test_a_sabotage_says_what_is_wrong_and_who_would_notice(file: Path) -> None:
    said = ast.get_docstring(ast.parse(file.read_text())) or ""

    assert ":" in said, f"{file.name} should say what is wrong, then a colon, then who would notice"
    assert said.endswith(".")


def test_there_are_as_many_as_were_promised() -> None:
    assert len(BROKEN) >= 45
    assert len(HEALTHY) >= 12


@pytest.mark.parametrize("draw", range(1, 12))
def test_the_few_that_are_drawn_break_every_guarantee_too(draw: int) -> None:
    few = cover(BROKEN, draw)

    assert broken_by(few) == broken_by(BROKEN)
    assert len(few) <= MOST
    assert cover(BROKEN, draw) == few, "the same draw chooses the same"


def test_another_draw_chooses_others() -> None:
    assert len({drawn(draw) for draw in range(100)}) > 90
