"""Draw how manifest and check grow with the number of files, with matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.growth import CHECK, MANIFEST, Point

# The same figures give the same file: ids are drawn from this, and there is no date in it.
mpl.rcParams["svg.hashsalt"] = "media-verify"
mpl.rcParams["font.size"] = 9
# Distinguishable without colours as well (the palette of Okabe and Ito).
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
_MARKS = ("o", "s", "^", "D")
_TITLES = {MANIFEST: "Hash every file", CHECK: "Check an archive"}


def draw(points: Sequence[Point], file: Path) -> None:
    """Draw both tasks side by side, on logarithmic scales: proportional growth is a line of slope 1."""
    figure = Figure(figsize=(9.5, 4.2), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for place, (task, title) in zip(axes, _TITLES.items(), strict=True):
        _draw_task(place, title, [point for point in points if point.task == task])
    axes[0].set_ylabel("seconds")
    metadata = {"Date": None, "Creator": None} if file.suffix == ".svg" else {}
    figure.savefig(file, dpi=120, facecolor="white", metadata=metadata)


def _draw_task(place: Axes, title: str, points: Sequence[Point]) -> None:
    programs = list(dict.fromkeys(point.program for point in points))
    for program, colour, mark in zip(programs, _COLOURS, _MARKS, strict=False):
        line = sorted((point.files, point.cost.seconds) for point in points if point.program == program)
        ours = any(point.ours for point in points if point.program == program)
        place.plot(
            *zip(*line, strict=True),
            label=program,
            color=colour,
            marker=mark,
            markersize=5,
            linewidth=2.2 if ours else 1.2,
            linestyle="-" if ours else "--",
        )
    place.set(xscale="log", yscale="log", xlabel="files of 20 kB", title=title)
    place.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    place.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    place.grid(visible=True, which="major", color="#dddddd")
    place.legend(frameon=False)
