"""The stages of a run on a deployment of which nothing can be asked without a broken promise, for an inner run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.guide.reader import read_guide
from media_guarantees.system.run_id import Run

__all__ = [
    "_broken_engine",
    "_broken_operator",
    "_broken_run",
    "_broken_run_folder",
    "_broken_session_stack",
    "_broken_stack",
]


class BrokenStack:
    """A deployment whose service keeps its media nowhere."""

    service = "web-project"

    def __getattr__(self, name: str) -> NoReturn:
        raise PromiseBroken(f"{name}: nothing is mounted at the media root")


@pytest.fixture(scope="session", name="session_stack")
def _broken_session_stack() -> Stack:
    return cast("Stack", BrokenStack())


@pytest.fixture(name="stack")
def _broken_stack(session_stack: Stack) -> Stack:
    return session_stack


@pytest.fixture(scope="session", name="engine")
def _broken_engine() -> Engine:
    """A private engine, so that nothing is left out for want of one."""
    return Engine("private", {}, ("docker-compose",), "28.5.2", "2.40.3", private_engine=cast("Any", BrokenStack()))


@pytest.fixture(scope="session", name="run")
def _broken_run() -> Run:
    return Run("0123abcd-1-2")


@pytest.fixture(scope="session", name="run_folder")
def _broken_run_folder() -> Path:
    return Path.cwd() / "run"


@pytest.fixture(scope="session", name="operator")
def _broken_operator() -> Operator:
    folder = Path.cwd() / "deployment"
    folder.mkdir()
    return Operator(read_guide(Path("guide.md").absolute(), folder), folder, os.environ)
