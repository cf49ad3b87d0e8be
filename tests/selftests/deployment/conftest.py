"""What the self-tests of a deployment stand on: a stack whose engine a test makes up."""

from functools import partial
from pathlib import Path

import pytest
from fake_engine import Found, stack_found


@pytest.fixture(name="found")
def _found(tmp_path: Path) -> Found:
    """Make a stack of which the engine finds these containers and volumes."""
    return partial(stack_found, tmp_path)
