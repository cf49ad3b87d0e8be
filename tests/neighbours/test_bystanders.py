"""Nothing that the suite does on a shared engine changes the resources of others there."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from bystanders import VOLUMES, Owner, Snapshot, owners_engine
from checkout import Checkout, handed_down, throw_away
from stream import Event, foreign, listening

from media_guarantees.core.deferred import Deferred
from media_guarantees.media.diff import describe, diff
from media_guarantees.system import commands
from media_guarantees.system.orphans import marked

Record = Callable[[str], None]

NARROW = "ARGS=-k 'recreate or (backup and not restore)'"
EVENT_SECONDS = 600.0
SABOTAGE = ("    name: media_volume\n", "")


@dataclass(frozen=True)
class Visit:
    """What was done on the owner's engine: how each run ended, the engine's events, and what was left."""

    ended: dict[str, commands.Outcome]
    events: list[Event]
    before: Snapshot
    after: Snapshot
    processes: list[str]
    places: list[str]


@pytest.fixture(scope="module", name="checkout")
def _checkout() -> Iterator[Checkout]:
    with throw_away() as checkout:
        yield checkout


@pytest.fixture(scope="module", name="owner")
def _owner(checkout: Checkout) -> Iterator[Owner]:
    """The user whose engine `DOCKER_HOST` names in the checkout."""
    cache = checkout.folder.with_name("owner")
    cache.mkdir(mode=0o700)
    for name in ("packages", "compose", "images"):
        (cache / name).symlink_to(checkout.folder / ".cache" / name)
    with owners_engine(cache) as owner:
        its_own = {"HOME": str(checkout.home), "TMPDIR": str(checkout.temporary)}
        checkout.environment.update(handed_down(owner.environment) | its_own)
        yield owner


def verify(checkout: Checkout, *words: str) -> list[str]:
    """Return the command of a user who verifies on the existing engine."""
    return checkout.make_command("verify", "ENGINE=shared", *words)


def two_at_once(checkout: Checkout) -> dict[str, commands.Outcome]:
    """Run everything twice at the same time."""
    with checkout.start(verify(checkout)) as one, checkout.start(verify(checkout)) as other:
        return {"one of two": one.finish(seconds=EVENT_SECONDS * 3), "the other": other.finish(seconds=EVENT_SECONDS)}


def failing(checkout: Checkout) -> commands.Outcome:
    """Verify a deployment whose volume is not the one that the guide names: the guide's command creates that one."""
    spoilt = checkout.folder / "spoilt.yml"
    spoilt.write_text((checkout.folder / "docker-compose.test.yml").read_text().replace(*SABOTAGE))
    return checkout.make("verify", "ENGINE=shared", f"COMPOSE_FILE={spoilt}", NARROW)


def interrupted(checkout: Checkout) -> commands.Outcome:
    """Verify, and press Ctrl-C during an event."""
    with checkout.start(verify(checkout, NARROW)) as run:
        run.wait_for_output(b"event: the guide's backup", seconds=EVENT_SECONDS)
        run.signal(signal.SIGINT)
        return run.finish(seconds=EVENT_SECONDS)


def killed(checkout: Checkout) -> commands.Outcome:
    """Verify, and kill the run while the guide's migration copies: its processes live on."""
    with checkout.start(checkout.pytest_command("--engine=shared", "-k", "migration")) as run:
        run.wait_for_output(b"event: the guide's migration", seconds=EVENT_SECONDS)
        run.signal(signal.SIGKILL)
        return run.finish(seconds=EVENT_SECONDS)


@pytest.fixture(scope="module", name="visit")
def _visit(owner: Owner, checkout: Checkout) -> Deferred[Visit]:
    """Everything that a user can do, one after the other."""

    def visit() -> Visit:
        before = owner.snapshot()
        with listening(owner) as events:
            ended = two_at_once(checkout)
            ended["failing"] = failing(checkout)
            ended["interrupted"] = interrupted(checkout)
            ended["killed"] = killed(checkout)
            ended["next"] = commands.run(verify(checkout, NARROW), cwd=checkout.folder, env=checkout.environment)
            processes, places = list(marked_here(checkout)), checkout.left()
            ended["clean"] = checkout.make("clean")
        return Visit(ended, events, before, owner.snapshot(), processes, places)

    return Deferred(visit)


def marked_here(checkout: Checkout) -> Iterator[str]:
    """Return the command of each process of a run of the checkout that still exists."""
    for pid, _ in marked():
        with suppress(OSError):
            if Path(f"/proc/{pid}/cwd").readlink().is_relative_to(checkout.folder):
                yield Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


@pytest.mark.parametrize(
    ("run", "statuses", "words"),
    [
        ("one of two", {0}, " 0 broken"),
        ("the other", {0}, " 0 broken"),
        ("failing", {2}, "the media are in"),
        ("interrupted", {2, -signal.SIGINT}, "KeyboardInterrupt !"),  # make may end as what it runs did
        ("killed", {-signal.SIGKILL}, "event: the guide's migration"),
        ("next", {0}, "backup.created: proved"),
        ("clean", {0}, ""),
    ],
)
def test_each_run_ends_as_intended(visit: Deferred[Visit], run: str, statuses: set[int], words: str) -> None:
    ended = visit.get().ended[run]

    said = (ended.stdout + ended.stderr).decode(errors="replace")
    assert ended.status in statuses, f"{run} ended with {ended.status}:\n{said[-4000:]}"
    assert words in said, f"{run} doesn't say {words!r}:\n{said[-4000:]}"
    assert "Traceback" not in said, f"{run} ended in a traceback:\n{said[-4000:]}"


@pytest.mark.parametrize("run", ["one of two", "the other"])
def test_two_runs_at_once_are_both_proved(visit: Deferred[Visit], run: str) -> None:
    said = visit.get().ended[run].text

    assert " 0 broken" in said
    unproven = [line for line in said.splitlines() if line.startswith("? unproven")]
    disturbed = [line for line in unproven if "private engine" not in line and "no test of it ran" not in line]
    assert not disturbed, f"not for want of a private engine: {disturbed}"


def test_no_event_concerns_a_resource_that_no_run_created(visit: Deferred[Visit], record: Record) -> None:
    events = visit.get().events

    touched = foreign(events)

    record(f"{len(events)} events on the engine, {len(touched)} of them about resources that no run created")
    assert len(events) > 500, f"the engine reported only {len(events)} events: some were missed"
    assert not touched, "\n".join(map(str, touched))


def test_resources_of_others_are_unchanged(visit: Deferred[Visit], record: Record) -> None:
    done = visit.get()

    changed = [name for name, thing in done.before.things.items() if done.after.things.get(name) != thing]
    record(f"{len(done.before.things)} resources of another user, {len(changed)} changed")
    assert not changed, f"changed or gone: {changed}"


@pytest.mark.parametrize("volume", VOLUMES)
def test_files_of_others_are_unchanged(visit: Deferred[Visit], volume: str) -> None:
    done = visit.get()

    changes = diff(done.before.files[volume], done.after.files[volume])

    assert not changes, describe(changes, event="all runs")


def test_nothing_is_left_on_the_engine(visit: Deferred[Visit]) -> None:
    done = visit.get()

    assert sorted(done.after.things.keys() - done.before.things.keys()) == []


def test_nothing_is_left_on_the_machine(visit: Deferred[Visit]) -> None:
    done = visit.get()

    assert done.processes == []
    assert done.places == []
