"""The outcomes of tests become one of three verdicts; "proved" only where every test passed."""

from pathlib import Path

import pytest

from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.catalogue import BY_ID, CATALOGUE
from media_guarantees.evidence.judgement import Judgement, TestRecord, judge, judge_tests, overall
from media_guarantees.guide.reader import Sentence


def a_test(outcome: str = "passed", phase: str = "call", *, asserted: bool = False, message: str = "") -> TestRecord:
    return TestRecord("tests/x.py::test_x", ("backup.created",), outcome, phase, 0.1, message, asserted)


PASSED = a_test()
REFUTED = a_test("failed", asserted=True, message="seen: nothing")
CRASHED = a_test("failed", message="ConnectionError: no answer\nmore")
NO_SETUP = a_test("error", "setup", asserted=True, message="no engine")
NO_TEARDOWN = a_test("error", "teardown", asserted=True, message="still there")
SKIPPED = a_test("skipped", "setup", message="Skipped: needs root")  # as pytest words it
NOT_RUN = a_test("not run")


@pytest.mark.parametrize(
    ("tests", "verdict"),
    [
        ([], UNPROVEN),
        ([PASSED], PROVED),
        ([PASSED, PASSED], PROVED),
        ([REFUTED], BROKEN),
        ([PASSED, REFUTED], BROKEN),
        ([SKIPPED, NO_SETUP, REFUTED], BROKEN),
        ([CRASHED], UNPROVEN),
        ([NO_SETUP], UNPROVEN),
        ([NO_TEARDOWN], UNPROVEN),
        ([SKIPPED], UNPROVEN),
        ([NOT_RUN], UNPROVEN),
        ([PASSED, SKIPPED], UNPROVEN),
        ([PASSED, NOT_RUN, PASSED], UNPROVEN),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(f"{t.outcome}-{t.phase}" for t in value) or "none",
)
def test_a_guarantee_is_proved_by_nothing_less_than_all_of_its_tests(tests: list[TestRecord], verdict: str) -> None:
    assert judge_tests(tests)[0] == verdict


@pytest.mark.parametrize(
    ("tests", "reason"),
    [
        ([], "no test of it ran"),
        ([PASSED, SKIPPED], "skipped in setup: needs root"),
        ([NO_SETUP, SKIPPED], "error in setup: no engine"),
        ([CRASHED], "failed in call: ConnectionError: no answer"),
        ([NOT_RUN, NOT_RUN], "no test of it ran"),
        ([PASSED, NOT_RUN], "not run in call: not run"),
        ([PASSED], ""),
        ([REFUTED], ""),
    ],
    ids=["no test", "skipped", "the first one", "first line only", "none ran", "one did not run", "proved", "broken"],
)
def test_whatever_is_unproven_has_a_reason_in_one_line(tests: list[TestRecord], reason: str) -> None:
    assert judge_tests(tests)[1] == reason


@pytest.mark.parametrize(
    ("test", "broke"),
    [(REFUTED, True), (PASSED, False), (CRASHED, False), (NO_SETUP, False), (NO_TEARDOWN, False), (SKIPPED, False)],
    ids=["refuted", "passed", "crashed", "no set-up", "no tear-down", "skipped"],
)
def test_only_an_assertion_in_the_test_itself_breaks_a_promise(test: TestRecord, broke: bool) -> None:
    assert test.broke_a_promise is broke


def test_every_guarantee_is_judged_in_the_order_of_the_catalogue() -> None:
    judgements = judge([], {})

    assert [judgement.guarantee for judgement in judgements] == list(CATALOGUE)
    assert {judgement.verdict for judgement in judgements} == {UNPROVEN}, "nothing ran, so nothing is proved"
    assert {judgement.reason for judgement in judgements} == {"no test of it ran"}


def test_a_test_counts_for_each_guarantee_that_it_names_and_for_no_other() -> None:
    test = TestRecord("x", ("backup.created", "backup.complete"), "passed", "call", 0.1)

    proved = {judgement.guarantee.identifier for judgement in judge([test], {}) if judgement.verdict == PROVED}

    assert proved == {"backup.created", "backup.complete"}


def test_a_judgement_holds_all_of_its_tests_in_their_order() -> None:
    tests = (PASSED, REFUTED, SKIPPED)

    (judgement,) = [judgement for judgement in judge(tests, {}) if judgement.tests]

    assert judgement.tests == tests


def test_a_judgement_quotes_the_promise_of_its_own_guarantee() -> None:
    sentence = Sentence(Path("guide.md"), 15, "Nothing is lost.")

    quoted = {j.guarantee.identifier: j.promise for j in judge([], {"backup.created": sentence}) if j.promise}

    assert quoted == {"backup.created": sentence}


def a_judgement(identifier: str, verdict: str) -> Judgement:
    return Judgement(BY_ID[identifier], verdict, "", ())


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        ([PROVED, PROVED], PROVED),
        ([PROVED, UNPROVEN], UNPROVEN),
        ([UNPROVEN, PROVED], UNPROVEN),
        ([PROVED, BROKEN], BROKEN),
        ([UNPROVEN, BROKEN], BROKEN),
        ([BROKEN, UNPROVEN], BROKEN),
    ],
)
def test_the_worst_guarantee_decides_the_runs_verdict(verdicts: list[str], verdict: str) -> None:
    judgements = [a_judgement("backup.created", each) for each in verdicts]

    assert overall(judgements, beyond=False) == verdict


@pytest.mark.parametrize("verdict", [BROKEN, UNPROVEN])
def test_what_goes_beyond_the_guide_counts_only_when_asked_for(verdict: str) -> None:
    judgements = [a_judgement("backup.created", PROVED), a_judgement("beyond.power_loss", verdict)]

    assert overall(judgements, beyond=False) == PROVED
    assert overall(judgements, beyond=True) == verdict


def test_a_run_in_which_nothing_was_judged_is_unproven() -> None:
    assert overall([], beyond=True) == UNPROVEN


@pytest.mark.parametrize(("verdict", "combined"), [(PROVED, UNPROVEN), (UNPROVEN, UNPROVEN), (BROKEN, BROKEN)])
def test_a_run_that_was_cut_short_may_be_broken_but_is_never_proved(verdict: str, combined: str) -> None:
    assert overall([a_judgement("backup.created", verdict)], beyond=False, complete=False) == combined
