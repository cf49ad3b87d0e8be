"""The three verdicts: what a run can say of a guarantee, of a server, and of itself."""

from __future__ import annotations

from collections.abc import Iterable

PROVED, BROKEN, UNPROVEN = "proved", "broken", "unproven"
MARKS = {PROVED: "✓", BROKEN: "✗", UNPROVEN: "?"}


def combine(verdicts: Iterable[str]) -> str:
    """Return the one verdict on several: broken if one is broken, else unproven if one is unproven, else proved.

    Of none at all it is unproven: nothing was shown.
    """
    found = set(verdicts)
    return next((verdict for verdict in (BROKEN, UNPROVEN) if verdict in found), PROVED if found else UNPROVEN)
