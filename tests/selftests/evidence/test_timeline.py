"""The timeline shows to scale what ran when, and marks events with legible numbers."""

import pytest
from fake_run import HELD, LOST, facts

from media_guarantees.core.journal import Event, Step
from media_guarantees.evidence.judgement import TestRecord
from media_guarantees.evidence.timeline import WIDTH, draw

BEGAN = 1_767_225_600.9


def at(second: float, seconds: float = 0.1, kind: str = "command", what: str = "docker ps") -> Event:
    return Event(kind, what, BEGAN + second, seconds)


def step(second: float, what: str = "event: x", seconds: float = 0.0) -> Step:
    return Step("step", what, BEGAN + second, seconds)


def a_test(second: float, seconds: float, like: TestRecord = HELD) -> TestRecord:
    return TestRecord(
        "tests/x.py::test_x[1]", ("backup.created",), like.outcome, like.phase, seconds,
        asserted=like.asserted, started=BEGAN + second,
    )  # fmt: skip


def test_a_test_is_drawn_when_and_as_long_as_it_ran() -> None:
    (bar,) = draw(facts(), [a_test(2.5, 5)]).tests

    assert (bar.x, bar.width) == (WIDTH / 4, WIDTH / 2)
    assert (bar.style, bar.target, bar.label) == ("proved", "backup.created", "test_x[1]: passed, 5.0 s")


@pytest.mark.parametrize(
    ("like", "style"),
    [(HELD, "proved"), (LOST, "broken"), (TestRecord("x", (), "skipped", "setup", 0.1), "unproven")],
    ids=["passed", "failed", "skipped"],
)
def test_a_bars_colour_shows_how_a_test_ended(like: TestRecord, style: str) -> None:
    (bar,) = draw(facts(), [a_test(1, 1, like)]).tests

    assert bar.style == style


def test_what_did_not_run_is_not_drawn() -> None:
    assert draw(facts(), [TestRecord("x", (), "not run", "setup", 0.0)]).tests == ()


def test_each_kind_has_a_lane_of_its_own_if_there_was_any() -> None:
    drawn = draw(facts(events=[at(1, kind="wait"), at(2, kind="guide")]), [])

    assert [name for name, _ in drawn.lanes] == ["guide", "wait"]


def test_bars_that_lie_too_close_are_one_bar_that_says_how_many() -> None:
    ((_, bars),) = draw(facts(events=[at(1, 0.05), at(1.05, 0.05), at(1.1, 0.05), at(5, 1)]), []).lanes

    assert [(bar.x, bar.width, bar.label) for bar in bars] == [
        (100.0, 15.0, "3 command"),
        (500.0, 100.0, "docker ps: 1.00 s"),
    ]


def test_what_hit_the_stack_is_numbered_in_its_order() -> None:
    run = facts(steps=[step(6, "event: kill", 2.0), step(1, "engine: starting"), step(3, "event: recreate", 1.0)])

    assert [(moment.number, moment.sentence, moment.seconds) for moment in draw(run, []).moments] == [
        (0, "engine: starting", 0.0),
        (1, "recreate", 1.0),
        (2, "kill", 2.0),
    ]


def test_numbers_in_quick_succession_do_not_lie_on_each_other() -> None:
    moments = draw(facts(steps=[step(1), step(1.05), step(3)]), []).moments

    assert [moment.row for moment in moments] == [0, 1, 0]


def test_a_run_that_took_no_time_can_be_drawn() -> None:
    assert draw(facts(seconds=0.0), []).ticks == ((0, 0.0),)


@pytest.mark.parametrize(("seconds", "count"), [(0.5, 1), (10, 11), (47, 10), (600, 11), (7200, 13), (86400, 25)])
def test_the_axis_has_as_many_marks_as_can_be_read(seconds: float, count: int) -> None:
    ticks = draw(facts(seconds=seconds), []).ticks

    assert len(ticks) == count
    assert all(0 <= x <= WIDTH for _, x in ticks)


def test_what_the_clock_set_back_is_not_drawn_outside() -> None:
    drawn = draw(facts(events=[at(-5)], steps=[step(-5)]), [a_test(-5, 1)])

    assert [drawn.tests[0].x, drawn.lanes[0][1][0].x, drawn.moments[0].x] == [0.0, 0.0, 0.0]
