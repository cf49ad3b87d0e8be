"""An error's message has the parts that a person needs: what was seen, what it means, what to do."""

from unittest import SkipTest

import pytest

from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import BadInput, PromiseBroken, Unproven


def test_bad_input_says_the_problem_and_then_what_to_do() -> None:
    problem = BadInput("no such file: x.yml", "name one with --compose-file")

    assert str(problem) == "no such file: x.yml\n  hint: name one with --compose-file"


def test_bad_input_keeps_its_parts_for_programs() -> None:
    problem = BadInput("wrong", "right it")

    assert (problem.problem, problem.hint) == ("wrong", "right it")


def test_bad_input_is_no_broken_promise() -> None:
    assert not isinstance(BadInput("wrong", "right it"), AssertionError), "it would be taken for a failed assertion"


def test_a_broken_promise_counts_as_a_failed_assertion() -> None:
    with pytest.raises(AssertionError, match="seen: 3 files are missing"):
        raise PromiseBroken("3 files are missing")


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"seen": "gone"}, "seen: gone"),
        ({"seen": "gone", "means": "lost"}, "seen: gone\nmeans: lost"),
        ({"seen": "gone", "next_step": "restore"}, "seen: gone\nnext: restore"),
        ({"seen": "gone", "means": "lost", "next_step": "restore"}, "seen: gone\nmeans: lost\nnext: restore"),
    ],
    ids=["seen", "seen and means", "seen and next", "all"],
)
def test_a_broken_promise_shows_the_parts_that_it_has(parts: dict[str, str], text: str) -> None:
    assert str(PromiseBroken(**parts)) == text  # type: ignore[arg-type]


def test_input_for_a_file_is_not_logged_in_full() -> None:
    problem = PromiseBroken("12 files are missing", detail="- a\n- b\n")

    assert "- a" not in str(problem)


def test_what_can_not_be_shown_is_a_skip_and_no_failed_assertion() -> None:
    with pytest.raises(SkipTest, match="the guide has no backup"):
        raise Unproven("the guide has no backup")

    assert not issubclass(Unproven, AssertionError), "a guarantee would be broken for want of evidence"


def test_a_reason_for_unproven_is_given_each_time_it_is_asked_for() -> None:
    def fail() -> None:
        raise Unproven("the guide has no backup")

    asked = Deferred(fail)

    for _ in range(2):
        with pytest.raises(Unproven, match="no backup"):
            asked.get()
