"""A pytest plugin for mutmut: no remembered results, and the fastest tests first, as these notice most mutants."""

import json
import sys
from pathlib import Path

import pytest

STATS = Path("mutmut-stats.json")  # where mutmut records what each test takes, before it tries the first mutant


def pytest_configure() -> None:
    """Forget what functions remember: mutmut tries each mutant in a fork of a process that ran the right code."""
    for name, module in list(sys.modules.items()):
        if name.startswith("media_guarantees."):
            for value in vars(module).values():
                getattr(value, "cache_clear", lambda: None)()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests by the seconds that they took without a mutant."""
    if STATS.exists():
        seconds = json.loads(STATS.read_text(encoding="utf-8"))["duration_by_test"]
        items.sort(key=lambda item: seconds.get(item.nodeid, 0.0))
