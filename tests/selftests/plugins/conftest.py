"""Inner runs: pytest with the evidence plugin, started inside a test."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from inner_run import Runs

import fixtures.options


@pytest.fixture(name="runs")
def _runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """Inner runs, without the check of engine and deployment that precedes a real run."""
    monkeypatch.delattr(fixtures.options, "pytest_collection_finish")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # a run is ten times as quick without others' plugins
    for name in [name for name in os.environ if name.startswith("GITHUB_")]:
        monkeypatch.delenv(name)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield Runs(tmp_path)
    for number, handler in handlers.items():
        signal.signal(number, handler)
