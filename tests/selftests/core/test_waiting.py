"""A wait ends when its condition is true, at its deadline, or when the process that it depends on dies."""

import logging
from collections.abc import Callable, Iterator

import pytest
from fake_clock import WoundClock

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.core.waiting import DeadlineExceeded, MachineClock, wait_until


@pytest.fixture(name="clock")
def _clock() -> WoundClock:
    return WoundClock()


def answers(*values: str | None) -> Callable[[], str | None]:
    """Return a probe that gives these values one by one, and fails if it is asked once more."""
    return iter(values).__next__


def test_what_is_there_already_is_returned_without_a_pause(clock: WoundClock) -> None:
    assert wait_until(answers("found"), what="it is there", seconds=5, clock=clock) == "found"
    assert clock.pauses == []


def test_the_probe_is_asked_until_it_finds(clock: WoundClock) -> None:
    assert wait_until(answers(None, "", "found"), what="it is there", seconds=5, clock=clock) == "found"


def test_it_pauses_between_two_probes_for_the_given_time(clock: WoundClock) -> None:
    wait_until(answers(None, None, "found"), what="it is there", seconds=5, clock=clock, every=0.5)

    assert clock.pauses == [0.5, 0.5]


def test_pauses_grow_with_the_wait_where_each_look_is_costly(clock: WoundClock) -> None:
    looks = answers(None, None, None, None, "found")

    wait_until(looks, what="it is there", seconds=50, clock=clock, every=1, slowing=0.5)

    assert clock.pauses == [1, 1, 1, 1.5], "a pause should be at least half of the time waited so far"


def test_a_timeout_says_what_was_waited_for_and_how_long(clock: WoundClock) -> None:
    with pytest.raises(DeadlineExceeded, match=r"timed out after 2 s waiting until web-project answers"):
        wait_until(lambda: None, what="web-project answers", seconds=2, clock=clock)


def test_it_waits_no_longer_than_the_deadline_and_one_pause(clock: WoundClock) -> None:
    with pytest.raises(DeadlineExceeded, match="timed out"):
        wait_until(lambda: None, what="it is there", seconds=2, clock=clock, every=0.75)

    assert clock.time == 1000 + 2.25


def test_without_any_time_the_probe_is_still_asked(clock: WoundClock) -> None:
    assert wait_until(answers("found"), what="it is there", seconds=0, clock=clock) == "found"


def test_an_answer_that_is_there_after_the_deadline_counts(clock: WoundClock) -> None:
    def probe() -> bool:
        clock.time += 60  # a slow machine: the first probe alone takes longer than the deadline
        return clock.time > 1100

    assert wait_until(probe, what="it is there", seconds=5, clock=clock)


def test_death_ends_the_wait_at_once_and_is_reported(clock: WoundClock) -> None:
    with pytest.raises(DeadlineExceeded, match=r"until it answers is pointless: exited with 3") as raised:
        wait_until(lambda: None, what="it answers", seconds=60, died=lambda: "exited with 3", clock=clock)

    assert clock.pauses == [], f"it waited on: {raised.value}"


def test_death_later_on_is_noticed(clock: WoundClock) -> None:
    died = answers(None, None, "gone")

    with pytest.raises(DeadlineExceeded, match="pointless: gone"):
        wait_until(lambda: None, what="it answers", seconds=60, died=died, clock=clock, every=1)

    assert clock.time == 1002


def test_what_came_just_before_the_death_counts(clock: WoundClock) -> None:
    found: list[str] = []

    def died() -> str:
        found.append("last words")
        return "exited"

    assert wait_until(lambda: found, what="it speaks", seconds=5, died=died, clock=clock) == ["last words"]


def test_a_death_after_the_answer_is_not_looked_for(clock: WoundClock) -> None:
    def died() -> str:
        pytest.fail("asked, though the answer was there")

    wait_until(answers("found"), what="it is there", seconds=5, died=died, clock=clock)


def test_a_deadline_missed_is_a_broken_promise() -> None:
    assert issubclass(DeadlineExceeded, PromiseBroken), "a service that never answers would be unproven, not broken"


def test_what_the_probe_raises_goes_on(clock: WoundClock) -> None:
    def probe() -> None:
        raise PermissionError("not yours")

    with pytest.raises(PermissionError, match="not yours"):
        wait_until(probe, what="it is there", seconds=5, clock=clock)


@pytest.fixture(name="journalled")
def _journalled(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Collect the events of the journal."""
    with caplog.at_level(logging.INFO, logger="verify.events"):
        yield caplog


def test_a_wait_is_journalled_once_however_often_it_probed(
    clock: WoundClock, journalled: pytest.LogCaptureFixture
) -> None:
    wait_until(answers(None, None, "found"), what="it is there", seconds=5, clock=clock)

    assert [message.partition(",")[0] for message in journalled.messages] == ["wait it is there: ok"]


def test_a_wait_that_timed_out_is_journalled_as_such(clock: WoundClock, journalled: pytest.LogCaptureFixture) -> None:
    with pytest.raises(DeadlineExceeded, match="timed out"):
        wait_until(lambda: None, what="it is there", seconds=0, clock=clock)

    assert [message.partition(",")[0] for message in journalled.messages] == ["wait it is there: DeadlineExceeded"]


def test_the_machines_clock_lets_at_least_the_pause_pass() -> None:
    clock = MachineClock()
    before = clock.now()

    clock.pause(0.01)

    assert clock.now() - before >= 0.0099


def test_without_a_clock_it_is_the_machines() -> None:
    with pytest.raises(DeadlineExceeded, match=r"timed out after 0.01 s"):
        wait_until(lambda: None, what="it is there", seconds=0.01, every=0.001)
