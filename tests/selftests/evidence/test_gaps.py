"""Any error in gathering evidence becomes a line of the report; what ends a run on purpose still ends it."""

import errno
import subprocess

import pytest

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.evidence.gaps import Gaps, in_words


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x"), "the log: No space left on device"),
        (OSError("odd"), "the log: odd"),
        (OSError(), "the log: OSError"),
        (KeyError("name"), "the log: KeyError: 'name'"),
        (RecursionError("too deep"), "the log: RecursionError: too deep"),
        (PromiseBroken("gone", means="lost"), "the log: PromiseBroken: seen: gone means: lost"),
        (Unproven("no port"), "the log: Unproven: no port"),
        (
            subprocess.TimeoutExpired(["docker-compose", "logs"], 10),
            "the log: TimeoutExpired: Command '['docker-compose', 'logs']' timed out after 10 seconds",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_a_line_that_says_what_is_missing_and_why(error: Exception, line: str) -> None:
    gaps = Gaps()

    with gaps.noted("the log"):
        raise error

    assert gaps.lines == [line]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_error_goes_on(stop: type[BaseException]) -> None:
    gaps = Gaps()

    with pytest.raises(stop), gaps.noted("the log"):
        raise stop

    assert gaps.lines == []


def test_what_the_test_runner_ends_a_run_with_goes_on() -> None:
    gaps = Gaps(ends_run=(pytest.exit.Exception,))

    with pytest.raises(pytest.exit.Exception, match="ended by SIGTERM"), gaps.noted("the log"):
        pytest.exit("ended by SIGTERM")


def test_the_same_line_is_noted_once() -> None:
    gaps = Gaps()

    for _ in range(3):
        with gaps.noted("the log"):
            raise ValueError("x")

    assert gaps.lines == ["the log: ValueError: x"]


def test_no_secret_is_in_a_line() -> None:
    journal.register_secret("s3cr3t-token")

    assert in_words(ValueError("refused s3cr3t-token")) == "ValueError: refused ***"


class Unprintable(Exception):  # noqa: N818 - the name is what is shown of it
    """An error that can't be printed."""

    def __str__(self) -> str:
        raise RecursionError


def test_an_error_that_can_not_be_printed_is_named() -> None:
    assert in_words(Unprintable()) == "Unprintable"


def test_a_long_error_is_one_line_of_bounded_length() -> None:
    assert len(in_words(ValueError("x\n" * 10_000))) < 400
