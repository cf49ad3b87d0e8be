"""A guarantee is a case of a test report: passed, failed or skipped as it counts in the run, in printable words."""

import pytest
from fake_run import HELD, LOST, facts, hostile_run, judgement

from media_guarantees.core.escaping import printable
from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.formats.cases import ERROR, FAILURE, PASSED, SKIPPED, cases_of


@pytest.mark.parametrize(
    ("verdict", "name", "options", "kind"),
    [
        (PROVED, "backup.complete", {}, PASSED),
        (BROKEN, "backup.complete", {}, FAILURE),
        (UNPROVEN, "backup.complete", {}, SKIPPED),
        (UNPROVEN, "backup.complete", {"require_all": True}, FAILURE),
        (BROKEN, "beyond.power_loss", {}, SKIPPED),
        (BROKEN, "beyond.power_loss", {"beyond": True}, FAILURE),
    ],
)
def test_a_case_fails_where_its_guarantee_fails_the_run(
    verdict: str, name: str, options: dict[str, bool], kind: str
) -> None:
    (case,) = cases_of(facts(**options), [judgement(verdict, LOST, name=name, reason="no root")])

    assert (case.group, case.kind) == (name, kind)


def test_a_broken_promise_is_explained() -> None:
    (case,) = cases_of(facts(), [judgement(BROKEN, HELD, LOST)])

    assert case.message == "broken: promised: guide.md, line 15: Media persist when containers are recreated"
    assert case.explanation.splitlines()[1] == "seen: 3 files are missing"
    assert case.evidence == ("12 files", "container 3f2a became 91bc"), "each line once"
    assert case.seconds == pytest.approx(1.73456)


def test_an_unproven_one_says_why() -> None:
    (case,) = cases_of(facts(), [judgement(UNPROVEN, reason="no root")])

    assert (case.message, case.explanation) == ("unproven: no root", "no root")


def test_a_run_that_was_cut_short_has_a_case_with_an_error() -> None:
    *_, case = cases_of(facts(stopped="interrupted by Ctrl-C", not_run=7), [judgement(PROVED, HELD)])

    assert (case.kind, case.group, case.judgement, case.seconds) == (ERROR, "run", None, 0.0)
    assert case.message == "incomplete: interrupted by Ctrl-C; 7 tests did not run to the end"


def test_every_text_is_printable() -> None:
    for case in cases_of(*hostile_run()):
        for text in (case.name, case.message, case.explanation, *case.evidence):
            assert text == printable(text)
