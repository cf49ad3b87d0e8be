"""How far the sabotages are, and a table of them in the end."""

from __future__ import annotations

import pytest
from table import BROKEN

EXPECTED = {row.name: sorted(row.breaks) for row in BROKEN}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """End with a line a sabotage: what was expected, what was seen, how long it took."""
    reports = [*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())]
    rows = [value for report in reports for key, value in report.user_properties if key == "sabotage"]
    if not rows:
        return
    terminalreporter.section("sabotages")
    for name, seen, seconds in sorted(rows):
        expected = EXPECTED.get(name, [])
        mark = "✓" if list(seen) == expected else "✗"
        terminalreporter.line(f"{mark} {seconds:5.1f} s  {name}")
        terminalreporter.line(f"            expected {', '.join(expected) or 'nothing broken'}")
        if list(seen) != expected:
            terminalreporter.line(f"            seen     {', '.join(seen) or 'nothing broken'}")
