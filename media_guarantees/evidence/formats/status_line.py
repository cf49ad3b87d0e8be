"""The status line at the bottom of a terminal: how far the run is, what it does to the stack, and for how long.

Rich draws it from a thread of its own, six times a second, and removes it at the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO, cast

from media_guarantees.core.escaping import printable
from media_guarantees.core.journal import Step
from media_guarantees.core.text import readable_size
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.step_durations import StepDurations

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

BAR_WIDTH = 20
WORTH_SHOWING = 0.3  # seconds; a shorter step would only flicker


class _GuardedFile:
    """A terminal for Rich, to which writing never fails."""

    def __init__(self, file: TextIO, gaps: Gaps) -> None:
        self._file = file
        self._gaps = gaps

    def write(self, text: str) -> int:
        """Write what can be written."""
        with self._gaps.noted("the terminal could not be written to"):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush it, if that works."""
        with self._gaps.noted("the terminal could not be written to"):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class StatusLine:
    """A line that shows that `done` of `total` tests have ended, and the steps in progress.

    An error while it is drawn, or a terminal that is gone, becomes one of `gaps`: in the thread that draws, it would
    fail the test that runs.
    """

    def __init__(
        self, terminal: TextIO, durations: StepDurations, gaps: Gaps, clock: Callable[[], float] = time.time
    ) -> None:
        # Imported here: a run without a terminal doesn't pay for it.
        from rich.console import Console  # noqa: PLC0415
        from rich.live import Live  # noqa: PLC0415

        self.console: Console = Console(
            file=cast("TextIO", _GuardedFile(terminal, gaps)),
            force_terminal=True,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self.done = 0
        self.total = 0
        self._durations = durations
        self._gaps = gaps
        self._clock = clock
        self._begun = clock()
        self._under_way: list[Step] = []
        self._live = Live(
            console=self.console,
            get_renderable=self._render_or_nothing,
            refresh_per_second=6,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def show(self) -> None:
        """Begin to draw, or go on."""
        self._live.start()

    def hide(self) -> None:
        """Stop drawing and remove the line."""
        self._live.stop()

    def write(self, mark: str, line: str, colour: str = "") -> None:
        """Write a line that stays, above the live one."""
        from rich.text import Text  # noqa: PLC0415

        self.console.print(Text.assemble((mark, colour), " ", line), soft_wrap=True)

    def begin(self, step: Step) -> None:
        """Show a step from now on."""
        self._under_way = [*self._under_way, step]

    def end(self, step: Step) -> None:
        """Stop showing it."""
        self._under_way = [other for other in self._under_way if other is not step]

    def _render_or_nothing(self) -> RenderableType:
        with self._gaps.noted("the status line could not be drawn"):
            return self.render()
        return ""

    def render(self) -> RenderableType:
        """Draw the line: the bar of the run, then each step in progress with its own bar."""
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
            cells.append(Text(printable(self.describe(step)).replace("\n", " "), overflow="ellipsis", no_wrap=True))
            total, completed = self._extent(step)
            if total:
                cells.append(ProgressBar(total=total, completed=min(total, completed), width=BAR_WIDTH // 2))
        for cell in cells:
            line.add_column(no_wrap=True, min_width=len(count) if cell is count else None)
        line.add_row(*cells)
        return line

    def describe(self, step: Step) -> str:
        """Return what a step does and how far it is: in its own unit, else in seconds, beside the last run's."""
        so_far = max(0.0, self._clock() - step.start)
        if step.total:
            return f"{step.what} {readable_size(step.done)} of {readable_size(step.total)}"
        return f"{step.what} {so_far:.1f} s{self._durations.previous(step.what)}"

    def _extent(self, step: Step) -> tuple[float, float]:
        """Return how much a step is in all, and how much of it is done: in its own unit, else in seconds."""
        if step.total:
            return step.total, step.done
        return self._durations.expected(step.what), self._clock() - step.start
