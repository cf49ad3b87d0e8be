"""A live server: a private engine, which the gate finds as it would any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from owner import CACHE, Owner, living_on, provided

from media_guarantees.engine import connection as engines
from media_guarantees.engine.connection import Engine


@pytest.fixture(scope="session", name="server")
def _server() -> Iterator[Engine]:
    """A live server's engine."""
    with engines.private(CACHE) as engine, provided(engine):
        yield engine


@pytest.fixture(name="owner")
def _owner(server: Engine, tmp_path: Path) -> Iterator[Owner]:
    """The owner of a server on which the platform is up and holds pictures."""
    with living_on(server, tmp_path) as owner:
        yield owner


@pytest.fixture(scope="module", name="lasting_owner")
def _lasting_owner(server: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    """The same, for all tests of a module."""
    with living_on(server, tmp_path_factory.mktemp("owner")) as owner:
        yield owner
