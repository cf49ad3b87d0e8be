"""The run as bars in lanes, ready to be drawn: when each test and command ran, and when each event hit the stack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from media_guarantees.core.journal import Event
from media_guarantees.evidence.judgement import TestRecord
from media_guarantees.evidence.run_summary import RunFacts

WIDTH = 1000.0
_CLOSEST = 0.7  # bars nearer than this, in units of the drawing, can't be distinguished: they become one
_NARROWEST = 1.2
_FLAG = 18.0
# kind of event: its lane's name, in English and in Portuguese
LANES = {
    "guide": ("the guide's commands", "comandos do guia"),
    "command": ("other commands", "outros comandos"),
    "request": ("requests to the service", "pedidos ao serviço"),
    "engine": ("questions to the engine", "perguntas ao Docker"),
    "wait": ("waits", "esperas"),
}


@dataclass(frozen=True)
class Bar:
    """A bar from `x` on, `width` units wide. `style` names its colour, `target` the guarantee that it leads to."""

    x: float
    width: float
    label: str
    style: str
    target: str = ""


@dataclass(frozen=True)
class Moment:
    """A step that was shown: when, in seconds since the run began, for how long, and where it is drawn.

    `number` counts those that hit the stack, from 1; 0 of the others. `row` keeps numbers apart that come in quick
    succession.
    """

    at: float
    seconds: float
    x: float
    width: float
    sentence: str
    number: int = 0
    row: int = 0


@dataclass(frozen=True)
class Timeline:
    """The whole drawing; `ticks` are seconds and their places."""

    moments: tuple[Moment, ...]
    tests: tuple[Bar, ...]
    lanes: tuple[tuple[str, tuple[Bar, ...]], ...]
    ticks: tuple[tuple[int, float], ...]


def draw(facts: RunFacts, tests: Iterable[TestRecord]) -> Timeline:
    """Return the drawing of a run and its `tests`."""
    span = max([facts.seconds, 0.001, *(event.start + event.seconds - facts.started for event in facts.events)])
    scale = WIDTH / span
    ran = sorted((test for test in tests if test.started), key=lambda test: test.started)
    events = [(kind, [event for event in facts.events if event.kind == kind]) for kind in LANES]
    return Timeline(
        moments=tuple(_moments(facts, scale)),
        tests=tuple(_test_bar(test, facts.started, scale) for test in ran),
        lanes=tuple((kind, _merged(found, facts.started, scale)) for kind, found in events if found),
        ticks=tuple((second, round(second * scale, 1)) for second in _ticks(span)),
    )


def _moments(facts: RunFacts, scale: float) -> list[Moment]:
    moments, number, rows = list[Moment](), 0, [-_FLAG, -_FLAG]
    for step in sorted(facts.steps, key=lambda step: step.start):
        at = max(0.0, step.start - facts.started)
        hits = step.what.startswith("event: ")
        number += hits
        width = max(_NARROWEST, step.seconds * scale)
        x = round(at * scale, 1)
        row = 0
        if hits:
            row = 0 if x - rows[0] >= _FLAG or rows[0] <= rows[1] else 1
            rows[row] = x
        sentence = step.what.removeprefix("event: ")
        moments.append(Moment(at, step.seconds, x, round(width, 1), sentence, number * hits, row))
    return moments


def _test_bar(test: TestRecord, began: float, scale: float) -> Bar:
    x, width = (test.started - began) * scale, max(_NARROWEST, test.seconds * scale)
    style = "broken" if test.broke_a_promise else "proved" if test.outcome == "passed" else "unproven"
    name = test.nodeid.rpartition("::")[2]
    target = test.guarantees[0] if test.guarantees else ""
    return Bar(round(max(0.0, x), 1), round(width, 1), f"{name}: {test.outcome}, {test.seconds:.1f} s", style, target)


def _merged(events: Sequence[Event], began: float, scale: float) -> tuple[Bar, ...]:
    """Return a bar for each event, or one for several that lie too close together."""
    bars, count = list[Bar](), 1
    for event in sorted(events, key=lambda event: event.start):
        x = max(0.0, (event.start - began) * scale)
        width = max(_NARROWEST, event.seconds * scale)
        if bars and x <= bars[-1].x + bars[-1].width + _CLOSEST:
            last, count = bars.pop(), count + 1
            reach = max(last.x + last.width, x + width)
            bars.append(Bar(last.x, round(reach - last.x, 1), f"{count} {event.kind}", event.kind))
        else:
            count = 1
            bars.append(Bar(round(x, 1), round(width, 1), f"{event.what[:120]}: {event.seconds:.2f} s", event.kind))
    return tuple(bars)


def _ticks(span: float) -> range:
    step = next((step for step in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600) if span / step <= 12), 3600)
    return range(0, int(span) + 1, step)
