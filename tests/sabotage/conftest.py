"""How far the sabotages are, a line each, and a table of them in the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import pytest
from coverage_draw import crossed, drawn
from deployments import DEPLOYMENTS, OURS
from table import BROKEN

BREAKS = {row.name: row.breaks for row in BROKEN}
BY_NAME = {deployment.name: deployment for deployment in DEPLOYMENTS}


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
        for deployment, name, seen, seconds in verified(report):
            self.done += 1
            outcome = "as expected" if report.passed else f"NOT as expected, {len(seen)} broken"
            self.reporter.ensure_newline()
            self.reporter.write_line(
                f"[{self.done:2} of {self.wanted}] {seconds:5.1f} s  {named(deployment, name)}: {outcome}"
            )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """End with the table: what was expected, what was seen, how long it took."""
        reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, ())]
        rows = sorted((*row, report.passed) for report in reports for row in verified(report))
        if not rows:
            return
        terminalreporter.section("sabotages")
        for deployment, name, seen, seconds, passed in rows:
            expected = sorted(BY_NAME[deployment].verdicts(BREAKS.get(name, frozenset())))
            terminalreporter.line(f"{'✓' if passed else '✗'} {seconds:5.1f} s  {named(deployment, name)}")
            terminalreporter.line(f"            expected {', '.join(expected) or 'nothing broken'}")
            if list(seen) != expected:
                terminalreporter.line(f"            seen     {', '.join(seen) or 'nothing broken'}")
        right = sum(passed for *_, passed in rows)
        terminalreporter.section(f"{right} of {len(rows)} deployments came out as expected")


def named(deployment: str, name: str) -> str:
    """Return how a line names a sabotage of a deployment."""
    return name if deployment == OURS.name else f"{name} on {deployment}"


def verified(report: pytest.TestReport) -> Iterator[tuple[str, str, Sequence[str], float]]:
    """Yield deployment, sabotage, broken guarantees and seconds of what a test verified, if it did."""
    if report.when == "call":
        yield from (value for key, value in report.user_properties if key == "sabotage")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person who can't wait for all of them choose a few."""
    parser.addoption(
        "--cover", type=int, metavar="DRAW", help="only a few sabotages, that break every guarantee: the DRAW-th choice"
    )
    parser.addoption("--on", choices=list(BY_NAME), help="try the sabotages on this deployment instead of our own")
    parser.addoption(
        "--without-ports", action="store_true", help="take all ports away, and see that each run gets a whole verdict"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the deployments that break most, which take longest; leave out those that were not drawn."""
    if os.geteuid() != 0 and any(tried_in(item) for item in items):
        raise pytest.UsageError("sabotages are verified on private engines, which take root: sudo make sabotage")
    without_ports = config.getoption("without_ports")
    others = [item for item in items if tried_in(item) and needs_no_port(item) != without_ports]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]
    items.sort(key=rank)
    wanted = chosen(config.getoption("on"), config.getoption("cover"))
    left_out = [item for item in items if (tried := tried_in(item)) and not wanted(*tried)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def chosen(on: str | None, draw: int | None) -> Callable[[str, str], bool]:
    """Return whether a sabotage is tried on a deployment: on the one that `on` names, or on ours, all or a draw.

    A draw for ours has some for the other deployments as well.
    """
    if draw is None:
        return lambda deployment, _: deployment == (on or OURS.name)
    few = {(on or OURS.name, name) for name in drawn(draw, BY_NAME[on or OURS.name])}
    if on is None:
        few |= crossed(draw)
    return lambda deployment, name: (deployment, name) in few


def needs_no_port(item: pytest.Item) -> bool:
    """Whether a test is one for deployments without any port."""
    return item.get_closest_marker("without_ports") is not None


def rank(item: pytest.Item) -> tuple[bool, int]:
    """Return where a test comes: deployments before others, and those that break more before those that break less."""
    tried = tried_in(item)
    return tried is None, -len(BREAKS.get(tried[1], ())) if tried else 0


def tried_in(item: pytest.Item) -> tuple[str, str] | None:
    """Return the names of the deployment and the sabotage that a test verifies; None where it verifies none."""
    if not isinstance(item, pytest.Function) or item.path.name != "test_sabotage.py":
        return None
    parameters = item.callspec.params
    row = parameters.get("row") or parameters["name"]
    return parameters["deployment"].name, str(getattr(row, "name", row))


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Show progress where there is a terminal; workers have none."""
    config.addinivalue_line("markers", "without_ports: verifies a deployment without any port")
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(reporter))
