"""Fixtures of the deployment's self-tests: a stack on a fake engine."""

from functools import partial
from pathlib import Path

import pytest
from fake_engine import Found, stack_found


@pytest.fixture(name="found")
def _found(tmp_path: Path) -> Found:
    """Return a stack whose engine has the given containers and volumes."""
    return partial(stack_found, tmp_path)
