"""A pytest plugin for mutmut's runs: the fastest tests first, as these notice most mutants."""

import json
from pathlib import Path

import pytest

STATS = Path("mutmut-stats.json")  # where mutmut records what each test takes, before it tries the first mutant


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests by the seconds that they took without a mutant."""
    if STATS.exists():
        seconds = json.loads(STATS.read_text(encoding="utf-8"))["duration_by_test"]
        items.sort(key=lambda item: seconds.get(item.nodeid, 0.0))
