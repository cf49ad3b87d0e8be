"""Events of an engine are assigned to runs or others, and moments are drawn from the output of a run."""

import pytest
from machine import Traces
from moments import Moment, draw, read_lines
from stream import Event, foreign, read_event

from media_guarantees.engine.base_images import PYTHON_SLIM
from media_guarantees.system.run_id import this_run

RUN = this_run(shared=True).identifier
OUTPUT = """\
seed: 7
collected 100 items / 90 deselected / 10 selected
·   0.5 s  engine: starting a private Docker engine
·   2.0 s  stack: waiting for web-project
·   4.0 s  event: recreating the container
✓   5.5 s  persistence.recreate: proved
·   6.0 s  stack: taking it down
·   9.0 s  engine: switching it off
10 passed in 10.0s
"""


def event(kind: str, actor: str, action: str = "start", **attributes: str) -> Event:
    return Event(kind, action, actor, attributes)


def test_an_event_is_read_from_the_engines_output() -> None:
    line = b'{"Type":"volume","Action":"mount","Actor":{"ID":"v","Attributes":{"container":"c0"}},"time":1}'

    assert read_event(line) == Event("volume", "mount", "v", {"container": "c0"})


@pytest.mark.parametrize(
    "own",
    [
        event("container", "c0", **{"media-verify.run": RUN}),
        event("container", "c0", name=f"media-verify-{RUN}-connect-web-project-1"),
        event("network", "n0", name=f"media-verify-{RUN}-connect_default"),
        event("volume", f"media-verify-{RUN}-media_volume"),
        event("image", "sha256:00", **{"media-verify": "image"}),
        event("image", PYTHON_SLIM.digest, "pull", name=PYTHON_SLIM.name),
    ],
    ids=["label", "container's name", "network's name", "volume's name", "stand-in", "pulled image"],
)
def test_a_resource_with_a_runs_name_or_label_belongs_to_the_run(own: Event) -> None:
    assert foreign([own]) == []


def test_a_container_that_mounts_a_runs_volume_belongs_to_the_run_with_its_resources() -> None:
    events = [
        event("container", "c0", "create", name="quirky_tar"),
        event("volume", f"media-verify-{RUN}-media_volume", "mount", container="c0"),
        event("volume", "f00", "create"),
        event("volume", "f00", "mount", container="c0"),
        event("network", "bridge", "connect", container="c0", name="bridge"),
    ]

    assert foreign(events) == []


def test_a_container_that_was_created_but_never_started_belongs_to_a_run() -> None:
    made = event("container", "c0", "create", name="fervent_noether", image="ubuntu")

    assert foreign([made, event("container", "c0", "destroy", name="fervent_noether")]) == []


@pytest.mark.parametrize(
    "theirs",
    [
        event("volume", "media_volume", "destroy"),
        event("container", "c1", "kill", name="connect-web-project-1"),
        event("container", "c1", "exec_start: sh", name="media-verify-notes"),
        event("container", "c1", **{"media-verify.run": "00000000-1-1"}),
        event("network", "n1", "disconnect", container="c1", name="connect_default"),
        event("image", "sha256:11", "untag", name="ubuntu"),
        event("builder", "", "prune"),
        event("volume", "media_volume", "mount", container="c1"),
    ],
    ids=str,
)
def test_a_resource_that_no_run_created_is_foreign(theirs: Event) -> None:
    own = event("volume", f"media-verify-{RUN}-media_volume", "mount", container="c0")

    assert foreign([own, theirs]) == [theirs]


def test_a_runs_image_is_recognized_when_it_is_removed_by_its_id() -> None:
    events = [event("image", "sha256:00", "tag", name=f"media-verify-{RUN}-web"), event("image", "sha256:00", "delete")]

    assert foreign(events) == []


def test_each_line_of_a_run_has_its_phase_and_lasts_until_the_next() -> None:
    lines = read_lines(OUTPUT)

    assert [line.phase for line in lines] == ["set-up", "set-up", "events", "events", "tear-down", "tear-down"]
    assert [line.lasted for line in lines] == [1.5, 2.0, 1.5, 0.5, 3.0, 0.5]


def test_a_line_is_recognized_with_and_without_the_last_duration() -> None:
    (line, _) = read_lines("·    1.5 s  event: killing the engine (last time 0.3 s)\n·    2.0 s  the end\n")

    assert line.sentence == "event: killing the engine"


def test_the_same_seed_draws_the_same_moments_and_another_does_not() -> None:
    lines = read_lines(OUTPUT)

    assert draw(lines, 6, 7) == draw(lines, 6, 7) != draw(lines, 6, 8)


def test_moments_cover_every_phase_and_come_before_the_next_line() -> None:
    moments = draw(read_lines(OUTPUT), 30, 7)

    assert [moment.line.phase for moment in moments] == ["set-up", "events", "tear-down"] * 10
    assert all(0 <= moment.after <= moment.line.lasted for moment in moments)


def test_a_moment_can_be_printed() -> None:
    assert str(Moment(read_lines(OUTPUT)[2], 0.25)) == "events, 0.25 s after 'event: recreating the container'"


def test_only_what_was_not_there_before_is_a_trace() -> None:
    nothing = {name: frozenset[str]() for name in Traces.__dataclass_fields__}
    before = Traces(**{**nothing, "mounts": frozenset({"/"}), "temporary": frozenset({"old"})})
    after = Traces(**{**nothing, "mounts": frozenset({"/", "/mnt"}), "processes": frozenset({"7 dockerd"})})

    assert after.beyond(before) == ["processes: 7 dockerd", "mounts: /mnt"]
