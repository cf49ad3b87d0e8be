"""A few of the deployments, drawn so that every guarantee is still caught being broken."""

from __future__ import annotations

import random
from collections.abc import Sequence

from table import BROKEN, HEALTHY, SILENT, Row

# A deployment without a volume breaks nearly everything, and shows little of each. So of the deployments that break a
# guarantee one of the few is drawn that break the least beside it.
TELLING = 3
# More would take longer than anybody waits.
MOST = 10
# Beside those that break something, so many are drawn that don't.
HEALTHY_DRAWN, SILENT_DRAWN = 2, 1


def cover(rows: Sequence[Row], draw: int) -> tuple[Row, ...]:
    """Return the `draw`-th choice of rows, `MOST` at most, that together break every guarantee that `rows` do."""
    rng = random.Random(draw)  # noqa: S311 - not a secret: a choice that can be repeated
    while len(chosen := _choice(rows, rng)) > MOST:
        pass
    return chosen


def _choice(rows: Sequence[Row], rng: random.Random) -> tuple[Row, ...]:
    shuffled = rng.sample(rows, len(rows))
    telling = {
        guarantee: sorted((row for row in shuffled if guarantee in row.breaks), key=lambda row: len(row.breaks))
        for guarantee in sorted(broken_by(rows))
    }
    chosen: list[Row] = []
    for guarantee in sorted(telling, key=lambda name: len(telling[name][0].breaks)):
        if guarantee not in broken_by(chosen):
            chosen.append(rng.choice(telling[guarantee][:TELLING]))
    return tuple(chosen)


def broken_by(rows: Sequence[Row]) -> frozenset[str]:
    """Return every guarantee that one of `rows` breaks."""
    return frozenset[str]().union(*(row.breaks for row in rows))


def drawn(draw: int) -> frozenset[str]:
    """Return the names of the `draw`-th choice of deployments, some that break nothing among them."""
    rng = random.Random(draw)  # noqa: S311
    others = [*rng.sample(HEALTHY, HEALTHY_DRAWN), *(row.name for row in rng.sample(SILENT, SILENT_DRAWN))]
    return frozenset([*(row.name for row in cover(BROKEN, draw)), *others])
