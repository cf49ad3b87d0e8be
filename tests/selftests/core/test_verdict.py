"""Verdicts are combined in one place; a run without any judgement is not proved."""

import pytest

from media_guarantees.core.verdict import BROKEN, MARKS, PROVED, UNPROVEN, combine


@pytest.mark.parametrize(
    ("verdicts", "combined"),
    [
        ([PROVED, PROVED], PROVED),
        ([PROVED, UNPROVEN], UNPROVEN),
        ([UNPROVEN, BROKEN, PROVED], BROKEN),
        ([], UNPROVEN),
    ],
)
def test_the_worst_verdict_decides_and_none_at_all_is_unproven(verdicts: list[str], combined: str) -> None:
    assert combine(verdicts) == combined


def test_every_verdict_has_a_mark_of_its_own() -> None:
    assert len(set(MARKS.values())) == len(MARKS) == 3
