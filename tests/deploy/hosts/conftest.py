"""The gate's verdicts on many servers, collected from all processes: a line for each host, one for all, and a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.core.verdict import MARKS, UNPROVEN
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.gate.fleet import HostVerdict, overall, read_hosts, with_missing, write

GAPS = pytest.StashKey[Gaps]()
VERDICTS = pytest.StashKey[list[HostVerdict]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with none."""
    config.stash[VERDICTS] = []
    config.stash[GAPS] = Gaps(ends_run=(pytest.exit.Exception,))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Collect the verdict of every host's test, from every process, and write the file."""
    if hasattr(session.config, "workerinput"):
        return
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    reports = [report for kind in ("passed", "failed", "skipped") for report in reporter.stats.get(kind, ())]
    properties = [value for report in reports for key, value in report.user_properties if key == "host"]
    verdicts = [HostVerdict(**each) for each in properties]
    if verdicts:
        folder = Path(verdicts[0].folder).parent
        verdicts = with_missing(read_hosts(session.config.getoption("hosts") or ""), verdicts, folder)
        with session.config.stash[GAPS].noted("hosts.json could not be written"):
            write(folder, verdicts)
    session.config.stash[VERDICTS] = verdicts
    wants_all = session.config.getoption("require_all") or session.config.getini("require_all")
    if wants_all and exitstatus == pytest.ExitCode.OK and overall(verdicts) == UNPROVEN:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """End with a line for each host, and the verdict for all."""
    if verdicts := config.stash[VERDICTS]:
        terminalreporter.section("hosts")
        for each in verdicts:
            terminalreporter.line(f"{MARKS[each.verdict]} {each.verdict:9}{each.host:24}{each.reason or each.report}")
        for line in config.stash[GAPS].lines:
            terminalreporter.line(line)
        terminalreporter.write_sep("=", f"{overall(verdicts)}: {len(verdicts)} hosts")
