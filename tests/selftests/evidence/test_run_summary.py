"""What every format of a report says of a run."""

from dataclasses import replace

import pytest
from fake_run import HELD, LOST, busy, facts, judgement

from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.catalogue import BY_ID
from media_guarantees.evidence.judgement import TestRecord
from media_guarantees.evidence.run_summary import counts, explain, parts_of


@pytest.mark.parametrize(
    ("spans", "own_share"),
    [([], 1.0), ([(0, 5)], 0.5), ([(0, 5), (1, 3)], 0.5), ([(0, 5), (5, 5)], 0.0), ([(0, 11)], 0.0)],
    ids=["idle", "half", "overlapping", "always", "more than the run"],
)
def test_the_suites_own_share_is_the_time_in_which_nothing_was_under_way(
    spans: list[tuple[float, float]], own_share: float
) -> None:
    assert busy(*spans).own_share == pytest.approx(own_share)


def test_a_run_that_took_no_time_has_no_share_in_it() -> None:
    assert facts(seconds=0.0).own_share == 0.0


def test_verdicts_are_counted_also_where_there_are_none() -> None:
    assert counts([judgement(), judgement(), judgement(UNPROVEN)]) == "2 proved, 0 broken, 1 unproven"


def test_a_broken_promise_says_what_was_promised_seen_and_meant_and_what_to_type() -> None:
    assert explain(judgement(BROKEN, HELD, LOST)) == [
        "promised: guide.md, line 15: Media persist when containers are recreated",
        "seen: 3 files are missing",
        "means: they are lost",
        "next: restore the last backup",
        "again: make verify ARGS='tests/x.py::test_lost'",
    ]


def test_a_bare_assertion_gets_its_meaning_from_the_catalogue() -> None:
    bare = TestRecord("tests/x.py::test_bare", (), "failed", "call", 0.1, "12 != 11\nmore", asserted=True)

    assert explain(judgement(BROKEN, bare))[1:4] == [
        "seen: 12 != 11",
        "more",
        f"means: {BY_ID['persistence.recreate'].means}",
    ]


def test_what_several_tests_saw_alike_is_reported_once() -> None:
    again = replace(LOST, nodeid="tests/x.py::test_again")

    assert explain(judgement(BROKEN, LOST, again)) == explain(judgement(BROKEN, LOST))


def test_without_a_promise_in_the_guide_the_rest_is_reported() -> None:
    assert explain(judgement(BROKEN, LOST, promise=None))[0] == "seen: 3 files are missing"


def test_tests_that_broke_nothing_are_not_held_against_it() -> None:
    crashed = TestRecord("tests/x.py::test_crashed", (), "failed", "call", 0.1, "ConnectionError")

    assert [line for line in explain(judgement(BROKEN, crashed, HELD)) if "promised" not in line] == []


def test_an_assertion_without_a_message_is_explained_too() -> None:
    mute = TestRecord("tests/x.py::test_mute", (), "failed", "call", 0.1, "", asserted=True)

    assert explain(judgement(BROKEN, mute))[1] == "seen: assertion failed without a message"


def test_an_explanation_is_taken_apart_into_its_parts() -> None:
    lines = ["promised: a", "seen: b", "  missing  'c': d", "means: e", "next: f: g", "again: h"]

    assert list(parts_of(lines)) == [
        ("promised", "a"),
        ("seen", "b\n  missing  'c': d"),
        ("means", "e"),
        ("next", "f: g"),
        ("again", "h"),
    ]


@pytest.mark.parametrize(
    ("verdict", "name", "options", "fails"),
    [
        (PROVED, "backup.complete", {}, False),
        (BROKEN, "backup.complete", {}, True),
        (UNPROVEN, "backup.complete", {}, False),
        (UNPROVEN, "backup.complete", {"require_all": True}, True),
        (BROKEN, "beyond.power_loss", {}, False),
        (BROKEN, "beyond.power_loss", {"beyond": True}, True),
        (UNPROVEN, "beyond.power_loss", {"require_all": True}, False),
    ],
)
def test_what_fails_a_run_is_what_was_asked_for(verdict: str, name: str, options: dict[str, bool], fails: bool) -> None:
    assert facts(**options).fails(judgement(verdict, name=name)) is fails
