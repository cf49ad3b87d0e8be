"""What the bench provides to every version: a running engine, and twelve pictures."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import cast

import pytest

from bench.scenarios import twelve
from fixtures.media import SEED
from media_guarantees.engine.connection import Engine, describe
from media_guarantees.engine.private_engine import PrivateEngine
from media_guarantees.events.seeded_media import SeededMedia


@pytest.fixture(scope="session", name="engine")
def _engine() -> Engine:
    """The private engine that the bench runs for every version: starting it is in none of the times."""
    private_engine = cast("PrivateEngine", SimpleNamespace(daemon_instance=lambda: "the bench's"))
    return describe("private", os.environ, "docker-compose", private_engine)


@pytest.fixture(scope="session", name="seeded_media")
def _gallery() -> SeededMedia:
    """The twelve pictures that every version uploads."""
    return SeededMedia(twelve(), SEED)
