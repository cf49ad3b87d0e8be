"""How far the sabotages are, a line each, and a table of them in the end."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import pytest
from cover import drawn
from table import BROKEN

EXPECTED = {row.name: sorted(row.breaks) for row in BROKEN}


class Progress:
    """Counts the sabotages and the healthy deployments that are done. With pytest-xdist, the workers' too."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self.reporter = reporter
        self.wanted = 0
        self.done = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count what is to be done in this process."""
        self._count([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Count what is to be done by all workers: each of them collects all of it."""
        self._count(ids)

    def _count(self, ids: Sequence[str]) -> None:
        self.wanted = sum("/test_sabotage.py::" in nodeid for nodeid in ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Say what came of a deployment as soon as it is known."""
        for name, seen, seconds in verified(report):
            self.done += 1
            outcome = "as expected" if report.passed else f"NOT as expected, {len(seen)} broken"
            self.reporter.ensure_newline()
            self.reporter.write_line(f"[{self.done:2} of {self.wanted}] {seconds:5.1f} s  {name}: {outcome}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """End with the table: what was expected, what was seen, how long it took."""
        reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, ())]
        rows = sorted((*row, report.passed) for report in reports for row in verified(report))
        if not rows:
            return
        terminalreporter.section("sabotages")
        for name, seen, seconds, passed in rows:
            expected = EXPECTED.get(name, [])
            terminalreporter.line(f"{'✓' if passed else '✗'} {seconds:5.1f} s  {name}")
            terminalreporter.line(f"            expected {', '.join(expected) or 'nothing broken'}")
            if list(seen) != expected:
                terminalreporter.line(f"            seen     {', '.join(seen) or 'nothing broken'}")
        right = sum(passed for *_, passed in rows)
        terminalreporter.section(f"{right} of {len(rows)} deployments came out as expected")


def verified(report: pytest.TestReport) -> Iterator[tuple[str, Sequence[str], float]]:
    """Yield name, broken guarantees and seconds of the deployment that a test verified, if it did."""
    if report.when == "call":
        yield from (value for key, value in report.user_properties if key == "sabotage")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person who can't wait for all of them choose a few."""
    parser.addoption(
        "--cover", type=int, metavar="DRAW", help="only a few sabotages, that break every guarantee: the DRAW-th choice"
    )
    parser.addoption(
        "--without-ports", action="store_true", help="take all ports away, and see that each run gets a whole verdict"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the deployments that break most, which take longest; leave out those that were not drawn."""
    if os.geteuid() != 0 and any(name_of(item) for item in items):
        raise pytest.UsageError("sabotages are verified on private engines, which take root: sudo make sabotage")
    without_ports = config.getoption("without_ports")
    others = [item for item in items if name_of(item) and needs_no_port(item) != without_ports]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]
    items.sort(key=rank)
    if (draw := config.getoption("cover")) is None:
        return
    chosen = {None, *drawn(draw)}
    left_out = [item for item in items if name_of(item) not in chosen]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def needs_no_port(item: pytest.Item) -> bool:
    """Whether a test is one for deployments without any port."""
    return item.get_closest_marker("without_ports") is not None


def rank(item: pytest.Item) -> tuple[bool, int]:
    """Return where a test comes: deployments before others, and those that break more before those that break less."""
    name = name_of(item)
    return name is None, -len(EXPECTED.get(name or "", ()))


def name_of(item: pytest.Item) -> str | None:
    """Return the name of the deployment that a test verifies; None where it verifies none."""
    if not isinstance(item, pytest.Function) or item.path.name != "test_sabotage.py":
        return None
    parameter = item.callspec.params.get("row") or item.callspec.params["name"]
    return str(getattr(parameter, "name", parameter))


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Show progress where there is a terminal; workers have none."""
    config.addinivalue_line("markers", "without_ports: verifies a deployment without any port")
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(reporter))
