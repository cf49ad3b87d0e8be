"""``make up``: not a test, but the stack that the tests get, kept until ``make down``."""

import signal

from media_guarantees.cli import kept_stack
from media_guarantees.deployment.stack import Stack


def test_the_stack_is_up_until_it_is_reported_to_go(session_stack: Stack) -> None:
    stack = session_stack
    reached = kept_stack.describe(stack.address(), stack.folder, stack.environment, stack.service, stack.token)
    with kept_stack.written_down(reached):
        signal.pause()  # SIGTERM and SIGHUP end the run, as they end every run
