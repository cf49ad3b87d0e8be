"""Status 0 means a complete run in which nothing that counts is broken. Everything else has another status."""

import pytest

from media_guarantees.core.verdict import BROKEN, PROVED, UNPROVEN
from media_guarantees.evidence.exit_status import (
    INTERNAL_ERROR,
    INTERRUPTED,
    OK,
    TESTS_FAILED,
    USAGE_ERROR,
    final_status,
    only_beyond,
)

NO_TESTS = 5
SIGTERM = 128 + 15


def status(given: int, **facts: object) -> int:
    usual = {"verdict": PROVED, "complete": True, "beyond_only": False, "require_all": False}
    return final_status(given, **{**usual, **facts})  # type: ignore[arg-type]


def test_a_whole_run_in_which_all_is_proved_is_a_success() -> None:
    assert status(OK) == OK


@pytest.mark.parametrize("given", [INTERRUPTED, INTERNAL_ERROR, USAGE_ERROR, NO_TESTS, SIGTERM])
@pytest.mark.parametrize("complete", [True, False])
def test_no_failure_but_that_of_tests_ever_becomes_a_success(given: int, complete: bool) -> None:
    assert status(given, beyond_only=True, complete=complete) == given


def test_failures_of_nothing_but_what_goes_beyond_the_guide_are_forgiven() -> None:
    assert status(TESTS_FAILED, beyond_only=True) == OK


def test_failures_beyond_the_guide_are_not_forgiven_when_the_run_was_cut_short() -> None:
    assert status(TESTS_FAILED, beyond_only=True, complete=False) == TESTS_FAILED


def test_a_run_that_was_cut_short_never_ends_with_success() -> None:
    assert status(OK, complete=False) == INTERRUPTED


@pytest.mark.parametrize(("require_all", "expected"), [(False, OK), (True, TESTS_FAILED)])
def test_what_is_unproven_fails_a_run_that_requires_all(require_all: bool, expected: int) -> None:
    assert status(OK, verdict=UNPROVEN, require_all=require_all) == expected
    assert status(TESTS_FAILED, verdict=UNPROVEN, require_all=require_all, beyond_only=True) == expected


def test_a_broken_run_is_no_success_whatever_the_test_runner_says() -> None:
    assert status(OK, verdict=BROKEN) == TESTS_FAILED


GUARANTEES = {
    "test_power": ("beyond.power_loss",),
    "test_backup": ("backup.created",),
    "test_both": ("beyond.power_loss", "backup.created"),
}


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        ([], False),
        (["test_power"], True),
        (["test_backup"], False),
        (["test_power", "test_backup"], False),
        (["test_both"], False),
        (["test_power", "test_that_proves_nothing"], False),
    ],
)
def test_a_failure_is_beyond_the_guide_if_all_that_its_test_proves_is(failed: list[str], expected: bool) -> None:
    assert only_beyond(failed, GUARANTEES) is expected
