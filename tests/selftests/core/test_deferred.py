"""What is expensive is done once; how it went is told to whoever asks, and only then."""

import pytest

from media_guarantees.core.deferred import once
from media_guarantees.core.errors import PromiseBroken


def test_it_is_done_at_once_and_never_again() -> None:
    done: list[str] = []

    ask = once(lambda: done.append("done"))
    ask()
    ask()

    assert done == ["done"]


def test_everybody_who_asks_gets_the_same_thing() -> None:
    ask = once(object)

    assert ask() is ask()


def test_a_failure_waits_for_whoever_asks() -> None:
    def fail() -> None:
        raise PromiseBroken("the volume is empty")

    ask = once(fail)  # in a fixture: raised here, it would be a fault of the set-up

    for _ in range(2):
        with pytest.raises(PromiseBroken, match="the volume is empty"):
            ask()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_who_wants_to_stop_the_run_does_not_wait(error: type[BaseException]) -> None:
    def interrupted() -> None:
        raise error

    with pytest.raises(error):
        once(interrupted)
