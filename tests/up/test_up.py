"""``make up``: not a test of anything, but the same stack that the tests get, kept until ``make down``."""

import signal

from fixtures.lib import standing
from fixtures.lib.stack import Stack


def test_the_stack_is_up_until_it_is_told_to_go(session_stack: Stack) -> None:
    stack = session_stack
    reached = standing.describe(stack.address(), stack.folder, stack.environment, stack.service, stack.token)
    with standing.written_down(reached):
        signal.pause()  # SIGTERM and SIGHUP end the run, as they end every run
