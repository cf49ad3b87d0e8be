"""Print what was counted, at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture(name="record")
def _record(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Print a sentence at the end, whether the test passes or not."""
    return lambda sentence: record_property("neighbours", sentence)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was counted."""
    reports = [*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())]
    sentences = [sentence for report in reports for key, sentence in report.user_properties if key == "neighbours"]
    if sentences:
        terminalreporter.section("neighbours")
        terminalreporter.write_line("\n".join(sentences))
