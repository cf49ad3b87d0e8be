"""TAP reports as ok only what was proved, and fails exactly where the run fails."""

import re

import pytest
from fake_run import HELD, HOSTILE, LOST, facts, hostile_run, judgement

from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.formats.tap import as_tap


def points(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.match(r"(not )?ok ", line)]


def test_each_guarantee_is_a_point_of_the_plan() -> None:
    text = as_tap(facts(), [judgement(PROVED, HELD), judgement(BROKEN, LOST, name="backup.complete")])

    assert text.splitlines()[:2] == ["TAP version 14", "1..2"]
    assert points(text) == [
        "ok 1 - persistence.recreate: Media survive a recreated container",
        "not ok 2 - backup.complete: The backup holds everything, and nothing else",
    ]


def test_what_is_unproven_is_not_ok_and_still_to_do() -> None:
    (point,) = points(as_tap(facts(), [judgement(UNPROVEN, reason="no # root")]))

    assert point.startswith("not ok 1 - ")
    assert point.endswith(r" # TODO unproven: no \# root")


@pytest.mark.parametrize(
    ("verdict", "options"), [(UNPROVEN, {"require_all": True, "beyond": True}), (BROKEN, {"beyond": True})]
)
def test_what_fails_the_run_is_nothing_to_do_later(verdict: str, options: dict[str, bool]) -> None:
    (point,) = points(as_tap(facts(**options), [judgement(verdict, LOST, name="beyond.power_loss")]))

    assert point.startswith("not ok 1 - ")
    assert "TODO" not in point


def test_a_broken_promise_is_explained_below_its_point() -> None:
    text = as_tap(facts(), [judgement(BROKEN, LOST)])

    assert "  ---\n  verdict: broken\n  message: |2\n    promised: guide.md, line 15" in text
    assert "    next: restore the last backup\n" in text
    assert text.endswith("\n  ...\n")


def test_nothing_that_was_seen_is_taken_for_a_point() -> None:
    run, judgements = hostile_run()

    text = as_tap(run, judgements)

    assert len(points(text)) == 3
    indented = text.split("\n")[2:-1]
    assert [line for line in indented if not line.startswith(("ok ", "not ok ", "  ", "Bail out! "))] == []
    assert all(line.isprintable() for line in text.split("\n")), (
        "what rings or turns the writing round is shown as code"
    )
    assert HOSTILE[0] in text
