"""The error with which something is refused, so that a test can check its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

E = TypeVar("E", bound=BaseException)


def error_of(kind: type[E], work: Callable[[], object]) -> E:
    """Return the error of this `kind` with which `work` ends; fail without one."""
    with pytest.raises(kind) as caught:
        work()
    return caught.value
