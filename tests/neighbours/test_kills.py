"""A run that is killed at any moment leaves nothing behind after the next run has cleaned up."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from checkout import Checkout, throw_away
from machine import Machine, Traces, switched_on
from moments import Moment, draw, read_lines

from media_guarantees.core.waiting import DeadlineExceeded, wait_until
from media_guarantees.settings import Settings
from media_guarantees.system import commands

KILLS = 20
LINE_SECONDS = 600.0
RUN_SECONDS = 900.0
# Events of every kind: another container, another host, the guide's own commands.
KILLED = "recreate or host_crash or archive_holds or damaged_permissions"
NEXT = "guides_command_names"

Record = Callable[[str], None]


@pytest.fixture(scope="module", name="checkout")
def _checkout() -> Iterator[Checkout]:
    with throw_away() as checkout:
        yield checkout


@pytest.fixture(scope="module", name="moments")
def _moments(checkout: Checkout, settings: Settings) -> tuple[Moment, ...]:
    """When to kill, drawn from the life of an undisturbed run; a run before it has built the images."""
    for _ in range(2):
        outcome = commands.run(
            verify(checkout, KILLED), cwd=checkout.folder, env=checkout.environment, timeout=RUN_SECONDS
        )
        assert outcome.ok, f"the run that was left alone ended with {outcome.status}:\n{outcome.text[-4000:]}"
    return draw(read_lines(outcome.text), KILLS, settings.seed)


@pytest.fixture(scope="module", name="machine")
def _machine(checkout: Checkout, moments: tuple[Moment, ...]) -> Iterator[Machine]:
    """A machine without a network: the images are built already."""
    del moments
    with switched_on(checkout) as machine:
        yield machine


def verify(checkout: Checkout, selection: str) -> list[str]:
    """Return the command of a run of some guarantees on its own engine."""
    return checkout.pytest_command("--engine=private", "-k", selection)


@dataclass(frozen=True)
class Kill:
    """A killed run: its last line of output, and what it left at that moment."""

    moment: Moment
    said: str
    left: list[str]


def kill(checkout: Checkout, machine: Machine, moment: Moment, before: Traces) -> Kill:
    """Start a run and kill it at that moment; on a fast machine the wait is shorter."""
    for share in (1.0, 0.5, 0.0):
        with checkout.start(machine.command(*verify(checkout, KILLED))) as run:
            run.wait_for_output(moment.line.sentence.encode(), seconds=LINE_SECONDS)
            with suppress(DeadlineExceeded):
                wait_until(lambda: not run.running, what="the run is over", seconds=moment.after * share, every=0.005)
            run.signal(signal.SIGKILL)
            outcome = run.finish()
            if outcome.status == -signal.SIGKILL:
                return Kill(moment, outcome.text.splitlines()[-1], machine.traces().beyond(before))
    raise AssertionError(f"the run is always over before it can be killed: {moment}")


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_run_leaves_nothing_after_the_next_one(
    checkout: Checkout, machine: Machine, moments: tuple[Moment, ...], number: int, record: Record
) -> None:
    before = machine.traces()
    killed = kill(checkout, machine, moments[number], before)

    following = commands.run(
        machine.command(*verify(checkout, NEXT)), cwd=checkout.folder, env=checkout.environment, timeout=RUN_SECONDS
    )

    left = machine.traces().beyond(before)
    record(f"killed {killed.moment}: {len(killed.left)} things left; after the next run: {len(left)}")
    assert following.ok, f"the next run ended with {following.status}:\n{following.text[-4000:]}"
    assert not left, "\n".join(left)


def test_the_kills_hit_every_phase(moments: tuple[Moment, ...]) -> None:
    assert {moment.line.phase for moment in moments} == {"set-up", "events", "tear-down"}
