"""Fixtures for the small tests of an inner run, in place of the stages of a real run."""

from __future__ import annotations

from functools import cache
from typing import cast

import pytest
from fake_stack import FakePlatform

from fixtures.engine import _orderly_end, pytest_keyboard_interrupt
from media_guarantees.deployment.compose_project import ComposeProject
from media_guarantees.deployment.health.readiness import ServiceHealth
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.media.sample_pictures import Sample, make_samples
from media_guarantees.media.uploads.platform_protocol import Platform

__all__ = ["_orderly_end", "pytest_keyboard_interrupt"]


class StandInStack(Stack):
    """A stack that answers everything that evidence asks of it, without an engine."""

    def __init__(self) -> None:
        self.service = "web-project"
        # One object is all the parts of it.
        self.project = cast("ComposeProject", self)
        self.health = cast("ServiceHealth", self)
        self.pictures = FakePlatform()
        self.platform = cast("Platform", self.pictures)

    def logs(self, *, timeout: float = 0.0) -> str:
        """Return a log."""
        del timeout
        return "web-project-1  | worker died\n"


@cache
def samples() -> tuple[Sample, ...]:
    """Make two pictures, once for all inner runs."""
    return tuple(make_samples(1)[:2])


@pytest.fixture(scope="session", name="engine")
def _engine() -> Engine:
    """An engine that receives no requests."""
    return Engine("private", {}, ("docker-compose",), "28.5.2", "2.40.3")


@pytest.fixture(scope="session", name="seeded_media")
def _seeded_media() -> SeededMedia:
    """Two pictures, uploaded when the stack exists."""
    return SeededMedia(samples(), 1)


@pytest.fixture(scope="session", name="stack")
def _stack(engine: Engine, seeded_media: SeededMedia) -> Stack:
    """A stack that serves other content than was uploaded."""
    del engine
    stack = StandInStack()
    first, second = seeded_media.ensure_uploaded(stack)
    stack.pictures.pictures[first.url] = second.sample
    return stack


@pytest.fixture(scope="session", name="session_stack")
def _session_stack() -> Stack:
    """The stack of a soak."""
    return StandInStack()


@pytest.fixture(scope="session", name="operator")
def _operator() -> Operator:
    """An operator who has nothing to type."""
    return cast("Operator", None)
