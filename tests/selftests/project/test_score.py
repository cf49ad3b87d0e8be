"""Every surviving mutant is reported, unless it has a reason, and a reason without its survivor is reported too."""

import pytest
from score import Mutant, Result, complaints, table
from survivors import SURVIVORS

DEAD = Mutant("manifest.printable", "a", "b")
ALIVE = Mutant("manifest.Manifest.under", "return a < b", "return a <= b")
KILLED, SURVIVED = Result(DEAD, "killed"), Result(ALIVE, "survived")
ENOUGH = [KILLED] * 9


def test_a_module_is_summarized_in_one_line() -> None:
    assert table([*ENOUGH, SURVIVED, Result(Mutant("archive.check", "c", "d"), "timeout")]).split("\n") == [
        "module        mutants   killed survived    score",
        "archive             1        1        0   100.0%",
        "manifest           10        9        1    90.0%",
    ]


def test_a_listed_survivor_is_accepted() -> None:
    assert list(complaints([*ENOUGH, SURVIVED], {"they are the same": [ALIVE]})) == []


@pytest.mark.parametrize("status", ["survived", "no tests", "suspicious", "skipped"])
def test_an_unlisted_survivor_is_reported_as_an_entry_for_the_list(status: str) -> None:
    (complaint,) = complaints([*ENOUGH, Result(ALIVE, status)], {})

    assert complaint.startswith("survived, and isn't listed")
    assert "'manifest.Manifest.under',\n            'return a < b',\n            'return a <= b'," in complaint


def test_one_reason_does_not_excuse_two_survivors() -> None:
    (complaint,) = complaints([*ENOUGH, *ENOUGH, SURVIVED, SURVIVED], {"they are the same": [ALIVE]})

    assert complaint.startswith("survived, and isn't listed")


@pytest.mark.parametrize("results", [[*ENOUGH, KILLED], [*ENOUGH, Result(ALIVE, "killed")]], ids=["gone", "killed"])
def test_a_reason_does_not_outlive_its_survivor(results: list[Result]) -> None:
    (complaint,) = complaints(results, {"they are the same": [ALIVE]})

    assert complaint.startswith("listed, but no survivor any more")
    assert "'manifest.Manifest.under'" in complaint


def test_for_some_mutants_only_new_survivors_are_reported() -> None:
    known = {"they are the same": [Mutant("archive.check", "a", "b")]}

    (complaint,) = complaints([KILLED, SURVIVED], known, whole=False)

    assert complaint.startswith("survived, and isn't listed")


def test_reasons_do_not_raise_a_low_score() -> None:
    (complaint,) = complaints([*ENOUGH[:8], SURVIVED], {"they are the same": [ALIVE]})

    assert complaint == "manifest: only 88.9% of its mutants were killed, and 90% must be"


@pytest.mark.parametrize("status", ["not checked", "check was interrupted by user"])
def test_of_an_incomplete_run_only_that_is_reported(status: str) -> None:
    (complaint,) = complaints([SURVIVED, Result(DEAD, status)], {})

    assert complaint == "1 mutants were not tried: run make mutants again, it goes on where it stopped"


def test_every_known_survivor_has_a_reason() -> None:
    assert [reason for reason, mutants in SURVIVORS.items() if not reason.strip() or not mutants] == []
