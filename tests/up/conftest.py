"""The lines of progress while a stack starts."""

import logging
import sys
from collections.abc import Iterator

import pytest

from media_guarantees.core import journal


@pytest.fixture(scope="session", autouse=True)
def _told() -> Iterator[None]:
    """Every step is a line."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("· %(message)s"))
    handler.setLevel(logging.INFO)
    journal.PROGRESS.addHandler(handler)
    yield
    journal.PROGRESS.removeHandler(handler)
