"""Engines as users have them: running already, reached by `DOCKER_HOST`, with other programs on the PATH."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from media_guarantees.engine.connection import bin_folder, own_environment
from media_guarantees.engine.private_engine import PrivateEngine, running_engine
from media_guarantees.engine.toolchain import engine_tools


@contextmanager
def shared_engine(cache: Path, version: str, settings: Mapping[str, str]) -> Iterator[PrivateEngine]:
    """Run an engine of that version, with `settings` as further variables of its environment."""
    tools = engine_tools(cache, version)
    with running_engine(cache, replace(tools, environment={**tools.environment, **settings})) as engine:
        yield engine


def user_of(cache: Path, programs: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a user whose PATH begins with `programs`, by their names."""
    path = f"{bin_folder(cache, programs)}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**own_environment(), "PATH": path}
