"""A few of the deployments, drawn so that every guarantee is still caught being broken."""

from __future__ import annotations

import random
from collections.abc import Sequence

from crossing import everything_tried_on
from deployments import DEPLOYMENTS, OURS, Deployment
from table import BROKEN, HEALTHY, SILENT, Row

# A deployment without a volume breaks nearly everything, and shows little of each. So of the deployments that break a
# guarantee one of the few is drawn that break the least beside it.
TELLING = 3
# More would take longer than anybody waits.
MOST = 10
# Beside those that break something, so many are drawn that don't.
HEALTHY_DRAWN, SILENT_DRAWN = 2, 1
# And of all that is tried on each of the other deployments, so many.
CROSSED_DRAWN = 1


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


def drawn(draw: int, deployment: Deployment = OURS) -> frozenset[str]:
    """Return the names of the `draw`-th choice for a deployment, some that break nothing among them."""
    rng = random.Random(draw)  # noqa: S311
    tried = everything_tried_on(deployment)
    broken = [row._replace(breaks=row.breaks - deployment.unproven) for row in BROKEN if row.name in tried]
    healthy = [name for name in HEALTHY if name in tried]
    silent = [row.name for row in SILENT if row.name in tried]
    others = [*rng.sample(healthy, HEALTHY_DRAWN), *rng.sample(silent, SILENT_DRAWN)]
    return frozenset([*(row.name for row in cover(broken, draw)), *others])


def crossed(draw: int) -> frozenset[tuple[str, str]]:
    """Return the `draw`-th choice of (deployment, sabotage), a few for each deployment that isn't ours."""
    rng = random.Random(draw)  # noqa: S311
    return frozenset(
        (deployment.name, name)
        for deployment in DEPLOYMENTS
        if deployment is not OURS
        for name in rng.sample(everything_tried_on(deployment), CROSSED_DRAWN)
    )
