"""How long a soak lasts, its lines of progress, and its figures at the end."""

from __future__ import annotations

import argparse
import json
import math
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from media_guarantees.core import journal
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.events.faults_under_load import FaultRun
from media_guarantees.events.soak import Soak
from media_guarantees.evidence.formats.bundle import write_file
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.settings import Settings

# Uploads that are accepted before each fault, beside those during it: a hundred faults come with ten thousand.
REST = 80
LOG_SECONDS = 30.0
SOAK: pytest.StashKey[SoakRun] = pytest.StashKey()

Say = Callable[[str], None]


def minutes(given: str) -> float:
    """Return how long to go on; 0 is one round."""
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{given!r} is no number of minutes\n  hint: give one: make soak MINUTES=10")
    return number


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for its length."""
    parser.addoption("--minutes", type=minutes, default=10.0, help="how long the soak goes on (default: 10)")


@pytest.fixture(name="say")
def _say(pytestconfig: pytest.Config) -> Say:
    """Show progress to the person who waits."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    terminal = pytestconfig.pluginmanager.getplugin("terminalreporter")
    begun = time.monotonic()

    gaps = pytestconfig.stash[SOAK].gaps

    def say(sentence: str) -> None:
        with gaps.noted("the terminal could not be written to"), capture.global_and_fixture_disabled():
            terminal.ensure_newline()
            terminal.write(f"· {time.monotonic() - begun:6.1f} s  {sentence}\n", flush=True)

    return say


@dataclass
class SoakRun:
    """A soak as it goes on: `is_over` once it has gone on for as long as was asked for."""

    gaps: Gaps
    soak: Soak | None = None
    folder: Path = Path()
    is_over: bool = False
    was_interrupted: bool = False

    def write(self, engine: Engine, stack: Stack) -> None:
        """Write the figures and the logs, each as far as that is possible."""
        with self.gaps.noted("soak.json could not be written"):
            write_file(self.folder / "soak.json", json.dumps(self._as_json(engine), indent=2) + "\n")
        with self.gaps.noted("the logs of the containers could not be kept"):
            write_file(self.folder / "containers.log", journal.redact(stack.project.logs(timeout=LOG_SECONDS)))

    def _as_json(self, engine: Engine) -> dict[str, Any]:
        figures = self.soak.as_json() if self.soak else {}
        return {"engine": engine.facts, "complete": self.is_over, "gaps": self.gaps.lines, **figures}

    def summary(self) -> Iterator[str]:
        """Yield the figures, and what is missing, in lines."""
        if self.soak is None:
            return
        with self.gaps.noted("the figures could not be summed up"):
            yield from self.soak.table()
        if not self.is_over:
            yield "incomplete: this soak did not go on for as long as was asked for"
        yield from self.gaps.lines
        yield f"figures and logs: {self.folder}"


def pytest_configure(config: pytest.Config) -> None:
    """Begin with nothing."""
    config.stash[SOAK] = SoakRun(Gaps(ends_run=(pytest.exit.Exception,)))


@pytest.fixture(name="enough")
def _enough(pytestconfig: pytest.Config, say: Say) -> Iterator[Callable[[], bool]]:
    """Whether the time is up, or Ctrl-C was pressed. The fault in progress is finished first."""
    soak_run = pytestconfig.stash[SOAK]
    end = time.monotonic() + 60 * pytestconfig.getoption("minutes")

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        soak_run.was_interrupted = True
        say("interrupted: judging what there is; Ctrl-C again to leave at once")

    def is_enough() -> bool:
        soak_run.is_over = time.monotonic() >= end
        return soak_run.is_over or soak_run.was_interrupted

    before = signal.signal(signal.SIGINT, interrupt)
    yield is_enough
    signal.signal(signal.SIGINT, before)


@pytest.fixture(name="soak")
def _soak(
    session_stack: Stack, operator: Operator, engine: Engine, settings: Settings, pytestconfig: pytest.Config
) -> Iterator[Soak]:
    """A soak of the stack; its figures are written however it ends."""
    soak_run = pytestconfig.stash[SOAK]
    soak_run.folder = settings.report_dir / f"soak-{time.strftime('%Y%m%d-%H%M%S')}"
    soak_run.soak = Soak(FaultRun(session_stack, operator, engine, str(settings.seed), rest=REST))
    yield soak_run.soak
    soak_run.write(engine, session_stack)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End an interrupted soak without success, whatever it has shown."""
    if session.config.stash[SOAK].was_interrupted and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.INTERRUPTED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures at the end."""
    if lines := list(config.stash[SOAK].summary()):
        terminalreporter.section("soak")
        terminalreporter.line("\n".join(lines))
