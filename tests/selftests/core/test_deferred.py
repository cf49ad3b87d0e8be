"""Expensive work is done once; each test that asks gets its result or its error."""

import pytest

from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken


def test_the_work_is_done_at_once_and_never_again() -> None:
    done: list[str] = []

    result = Deferred(lambda: done.append("done"))

    assert done == ["done"]
    result.get()
    result.get()
    assert done == ["done"]


def test_each_test_that_asks_gets_the_same_result() -> None:
    result = Deferred(object)

    assert result.get() is result.get()


def test_an_error_is_raised_in_each_test_that_asks() -> None:
    def fail() -> None:
        raise PromiseBroken("the volume is empty")

    result = Deferred(fail)  # in a fixture: raised here, it would be an error in set-up

    for _ in range(2):
        with pytest.raises(PromiseBroken, match="the volume is empty"):
            result.get()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_stops_the_run_is_raised_at_once(error: type[BaseException]) -> None:
    def interrupted() -> None:
        raise error

    with pytest.raises(error):
        Deferred(interrupted)
