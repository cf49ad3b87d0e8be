"""A self-test fails where the library says, against the test's expectation, that something is unproven."""

import pytest
from unexpected_skips import pytest_runtest_call

from media_guarantees.core.errors import Unproven


def test_an_unexpected_unproven_fails_a_self_test() -> None:
    hook = pytest_runtest_call()
    next(hook)

    with pytest.raises(AssertionError, match=r"^unexpectedly unproven: no guide$"):
        hook.throw(Unproven("no guide"))


def test_another_skip_is_left_alone() -> None:
    hook = pytest_runtest_call()
    next(hook)

    with pytest.raises(pytest.skip.Exception, match="needs setsid"):
        hook.throw(pytest.skip.Exception("needs setsid"))
