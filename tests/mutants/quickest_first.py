"""A pytest plugin for mutmut's runs: the quickest tests first, as most mutants fall to one of them."""

import json
from pathlib import Path

import pytest

STATS = Path("mutmut-stats.json")  # where mutmut writes down what each test takes, before it tries the first mutant


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests by the seconds they took when nothing was mutated."""
    if STATS.exists():
        seconds = json.loads(STATS.read_text(encoding="utf-8"))["duration_by_test"]
        items.sort(key=lambda item: seconds.get(item.nodeid, 0.0))
