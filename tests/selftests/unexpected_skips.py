"""A self-test never skips because of what it tests: pytest takes `Unproven` for a skip, which would go unnoticed."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from media_guarantees.core.errors import Unproven


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Fail a self-test in which `Unproven` is raised without being expected."""
    try:
        return (yield)
    except Unproven as unexpected:
        raise AssertionError(f"unexpectedly unproven: {unexpected}") from unexpected
