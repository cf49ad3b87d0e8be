"""Values that a script sets in plain words are known where it is read; nothing is guessed."""

from __future__ import annotations

import pytest

from media_guarantees.guide.parsing.spelled_out import spelled_out


@pytest.mark.parametrize(
    ("script", "spelled"),
    [
        ("for v in a b; do\n  save $v\ndone", "save a\nsave b"),
        ('for v in a b\ndo save "$v"; done', 'save "a"\nsave "b"'),
        ('VOLUMES="a b"\nfor v in $VOLUMES; do save $v; done', 'VOLUMES="a b"\nsave a\nsave b'),
        ('ALL=(a b)\nfor v in "${ALL[@]}"; do save $v; done', "ALL=(a b)\nsave a\nsave b"),
        ("  local x=a y=b\n  save $x $y", "  x=a\n  y=b\n  save a b"),
        ("DC='docker compose'\n$DC exec web ls", "DC='docker compose'\ndocker compose exec web ls"),
        ("for v in $(docker volume ls -q); do save $v; done", "for v in $(docker volume ls -q); do save $v; done"),
        ("X=$(whoami)\nsave $X", "X=$(whoami)\nsave $X"),
        ("for v in *.tgz; do save $v; done", "for v in *.tgz; do save $v; done"),
    ],
)
def test_plain_values_loops_and_lists_are_spelled_out(script: str, spelled: str) -> None:
    assert spelled_out(script) == spelled
