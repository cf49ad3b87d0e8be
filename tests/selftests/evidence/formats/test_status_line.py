"""The live line shows what is under way and for how long, and is erased at the end."""

import errno
import re
from io import StringIO

import pytest
from rich.console import Console

from media_guarantees.core.journal import Step
from media_guarantees.evidence.formats.status_line import StatusLine
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.step_durations import StepDurations


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time that the test has set."""
        return self.now


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="line")
def _line(clock: Clock) -> StatusLine:
    line = StatusLine(StringIO(), StepDurations({"event: recreating": 4.0}), Gaps(), clock)
    line.total = 10
    return line


def drawn(line: StatusLine) -> str:
    console = Console(width=120, file=StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(line.render())
    return capture.get().rstrip()


def test_it_shows_how_far_the_run_is(line: StatusLine, clock: Clock) -> None:
    line.done = 5
    clock.now += 12

    assert re.search(r"━ +5/10  12 s$", drawn(line))


def test_a_running_step_is_shown_with_its_last_duration(line: StatusLine, clock: Clock) -> None:
    line.begin(Step("step", "event: recreating", clock.now))
    clock.now += 1.5

    assert re.search(r"event: recreating 1\.5 s \(last time 4\.0 s\) ━+", drawn(line))


def test_work_is_shown_in_its_own_unit(line: StatusLine, clock: Clock) -> None:
    work = Step("work", "hashing", clock.now, total=2_000_000)
    line.begin(work)
    clock.now += 1
    work.advance(500_000)

    assert "hashing 500.0 kB of 2.0 MB" in drawn(line)


def test_work_that_is_over_at_once_would_only_flicker(line: StatusLine, clock: Clock) -> None:
    line.begin(Step("work", "hashing", clock.now, total=2_000_000))
    clock.now += 0.1

    assert "hashing" not in drawn(line)


def test_what_is_over_is_shown_no_more(line: StatusLine, clock: Clock) -> None:
    outer, inner = Step("step", "outer", clock.now), Step("step", "outer", clock.now)
    line.begin(outer)
    line.begin(inner)

    line.end(inner)
    assert drawn(line).count("outer") == 1

    line.end(outer)
    assert "outer" not in drawn(line)


def test_a_name_can_neither_break_the_line_nor_act_on_the_terminal(line: StatusLine, clock: Clock) -> None:
    line.begin(Step("step", "event: \x1b]0;x\x07 [red]a\nb", clock.now))

    shown = drawn(line)
    assert r"\x1b]0;x\x07 [red]a b" in shown
    assert "\n" not in shown


def test_it_fits_into_a_narrow_terminal(line: StatusLine, clock: Clock) -> None:
    line.begin(Step("step", "event: " + "x" * 300, clock.now))
    console = Console(width=40, file=StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(line.render())

    assert max(map(len, capture.get().splitlines())) <= 40


def test_what_is_written_stays_and_the_line_goes(clock: Clock) -> None:
    terminal = StringIO()
    line = StatusLine(terminal, StepDurations(), Gaps(), clock)

    line.show()
    line.write("✓", "  1.0 s  [bold]backup.complete[/bold]: proved", "green")
    line.hide()

    written = terminal.getvalue()
    assert "[bold]backup.complete[/bold]: proved\n" in written
    assert written.endswith(("\x1b[2K", "\x1b[?25h")), "the live line is left on the terminal"


class Gone(StringIO):
    """A terminal whose window was closed."""

    def write(self, text: str) -> int:
        """Fail as such a terminal does."""
        raise OSError(errno.EIO, "Input/output error", text)


def test_a_terminal_that_is_gone_is_a_gap_and_nothing_else(clock: Clock) -> None:
    gaps = Gaps()
    line = StatusLine(Gone(), StepDurations(), gaps, clock)

    line.show()
    line.write("✓", "a line")
    line.hide()

    assert gaps.lines == ["the terminal could not be written to: Input/output error"]


def a_bug() -> None:
    raise KeyError("a bug")


def test_a_bug_in_drawing_is_a_gap_and_nothing_else(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = Gaps()
    line = StatusLine(StringIO(), StepDurations(), gaps, clock)
    monkeypatch.setattr(line, "render", a_bug)

    line.show()
    line.hide()

    assert gaps.lines == ["the status line could not be drawn: KeyError: 'a bug'"]
