"""How long a soak lasts, its lines of progress, and its figures at the end."""

from __future__ import annotations

import argparse
import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from media_guarantees.core import journal
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.events.faults_under_load import FaultRun
from media_guarantees.events.soak import Soak
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.settings import Settings

# Uploads that are accepted before each fault, beside those during it: a hundred faults come with ten thousand.
REST = 80
SOAK = pytest.StashKey[tuple[Soak, Path]]()

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
    """Add how long it goes on."""
    parser.addoption("--minutes", type=minutes, default=10.0, help="how long the soak goes on (default: 10)")


@pytest.fixture(name="say")
def _say(pytestconfig: pytest.Config) -> Say:
    """Tell the person who waits."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    terminal = pytestconfig.pluginmanager.getplugin("terminalreporter")
    begun = time.monotonic()

    def say(sentence: str) -> None:
        with capture.global_and_fixture_disabled():
            terminal.ensure_newline()
            terminal.write(f"· {time.monotonic() - begun:6.1f} s  {sentence}\n", flush=True)

    return say


@pytest.fixture(name="enough")
def _enough(pytestconfig: pytest.Config, say: Say) -> Iterator[Callable[[], bool]]:
    """Whether the time is up, or Ctrl-C was pressed. The fault in progress is finished first."""
    end = time.monotonic() + 60 * pytestconfig.getoption("minutes")
    interrupted = threading.Event()

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        interrupted.set()
        say("interrupted: judging what there is; Ctrl-C again to leave at once")

    before = signal.signal(signal.SIGINT, interrupt)
    yield lambda: interrupted.is_set() or time.monotonic() >= end
    signal.signal(signal.SIGINT, before)


@pytest.fixture(name="soak")
def _soak(
    session_stack: Stack, operator: Operator, engine: Engine, settings: Settings, pytestconfig: pytest.Config
) -> Iterator[Soak]:
    """A soak of the stack; its figures are written down however it ends."""
    folder = settings.report_dir / f"soak-{time.strftime('%Y%m%d-%H%M%S')}"
    soak = Soak(FaultRun(session_stack, operator, engine, str(settings.seed), rest=REST))
    pytestconfig.stash[SOAK] = (soak, folder)
    yield soak
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"engine": engine.facts, **soak.as_json()}, indent=2, ensure_ascii=False)
    (folder / "soak.json").write_text(text + "\n", encoding="utf-8")
    (folder / "containers.log").write_text(journal.redact(session_stack.logs()), encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """End with the figures."""
    soak, folder = config.stash.get(SOAK, (None, None))
    if soak is not None:
        terminalreporter.section("soak")
        terminalreporter.line("\n".join([*soak.table(), f"figures and logs: {folder}"]))
