"""The table of what the suite was run on, printed at the end and written beside the reports."""

from __future__ import annotations

from pathlib import Path

import pytest

HEAD = ("engine", "Compose on the PATH", "Compose used", "proved", "broken", "unproven, and why")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table at the end, in Markdown."""
    reports = [*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())]
    rows = [value for report in reports for key, value in report.user_properties if key == "compatibility"]
    if not rows:
        return
    table = "\n".join(f"| {' | '.join(map(str, row))} |" for row in (HEAD, ["---"] * len(HEAD), *rows))
    folder = Path(terminalreporter.config.rootpath) / "reports"
    folder.mkdir(exist_ok=True)
    (folder / "compatibility.md").write_text(f"{table}\n", encoding="utf-8")
    terminalreporter.section(f"also in {folder / 'compatibility.md'}")
    terminalreporter.write_line(table)
