"""The last line of a terminal: how far the run is, what is happening to the stack now, and for how long still.

It is drawn by Rich, from a thread of its own, six times a second, and leaves nothing behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from media_guarantees.core.escaping import printable
from media_guarantees.core.journal import Step
from media_guarantees.core.text import readable_size
from media_guarantees.evidence.step_durations import StepDurations

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

BAR_WIDTH = 20
WORTH_SHOWING = 0.3  # seconds; what is over sooner would only flicker


class StatusLine:
    """A line that tells that `done` of `total` tests are over, and of the steps that are under way."""

    def __init__(self, terminal: TextIO, pace: StepDurations, clock: Callable[[], float] = time.time) -> None:
        # Only who looks at a terminal pays for drawing on it.
        from rich.console import Console  # noqa: PLC0415
        from rich.live import Live  # noqa: PLC0415

        self.console: Console = Console(file=terminal, force_terminal=True, highlight=False, markup=False, emoji=False)
        self.done = 0
        self.total = 0
        self._pace = pace
        self._clock = clock
        self._begun = clock()
        self._under_way: list[Step] = []
        self._live = Live(
            console=self.console,
            get_renderable=self.render,
            refresh_per_second=6,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def show(self) -> None:
        """Begin to draw, or go on."""
        self._live.start()

    def hide(self) -> None:
        """Leave the terminal to others, without a trace."""
        self._live.stop()

    def write(self, mark: str, line: str, colour: str = "") -> None:
        """Write a line that stays, above the live one."""
        from rich.text import Text  # noqa: PLC0415

        self.console.print(Text.assemble((mark, colour), " ", line), soft_wrap=True)

    def begin(self, step: Step) -> None:
        """Tell of a step from now on."""
        self._under_way = [*self._under_way, step]

    def end(self, step: Step) -> None:
        """Tell of it no more."""
        self._under_way = [other for other in self._under_way if other is not step]

    def render(self) -> RenderableType:
        """Draw the line: the run's bar, and what is under way with its own."""
        from rich.progress_bar import ProgressBar  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        line = Table.grid(padding=(0, 1))
        count = Text(f"{self.done}/{self.total}  {self._clock() - self._begun:.0f} s", no_wrap=True)
        cells: list[RenderableType] = [
            ProgressBar(total=max(1, self.total), completed=self.done, width=BAR_WIDTH),
            count,
        ]
        now = self._clock()
        for step in [step for step in self._under_way if step.kind == "step" or now - step.start > WORTH_SHOWING][-2:]:
            cells.append(Text(printable(self.told(step)).replace("\n", " "), overflow="ellipsis", no_wrap=True))
            total, completed = self._extent(step)
            if total:
                cells.append(ProgressBar(total=total, completed=min(total, completed), width=BAR_WIDTH // 2))
        for cell in cells:
            line.add_column(no_wrap=True, min_width=len(count) if cell is count else None)
        line.add_row(*cells)
        return line

    def told(self, step: Step) -> str:
        """Say what a step is, and how far: in its own measure, else in time, beside last time's."""
        so_far = max(0.0, self._clock() - step.start)
        if step.total:
            return f"{step.what} {readable_size(step.done)} of {readable_size(step.total)}"
        return f"{step.what} {so_far:.1f} s{self._pace.foretold(step.what)}"

    def _extent(self, step: Step) -> tuple[float, float]:
        """How much a step is in all, and how much of it is done: in its own measure, else in time."""
        if step.total:
            return step.total, step.done
        return self._pace.expected(step.what), self._clock() - step.start
