"""The promises of our own deployment are proved on every engine and Compose."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from combinations import ROWS, Row
from compose_v1 import compose_v1
from verification import NOT_TESTED_YET, Verification, verify

from media_guarantees.engine.connection import bin_folder, own_environment
from media_guarantees.engine.private_engine import running_engine
from media_guarantees.engine.toolchain import COMPOSES, compose_binary, engine_tools
from media_guarantees.settings import Settings

# On an engine that others may share, nothing is crashed.
PRIVATE_ONLY = "private engine"
RUN_SECONDS = 1800


@pytest.fixture(name="environment")
def _environment(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Mapping[str, str]]:
    """The environment of a user with such a Compose on the PATH, and `DOCKER_HOST` set to such an engine."""
    row: Row = request.getfixturevalue("row")
    cache = settings.cache
    tools = engine_tools(cache, row.engine)
    compose = compose_binary(cache, row.compose) if row.compose in COMPOSES else compose_v1(cache)
    with running_engine(cache, tools) as engine:
        programs = bin_folder(cache, {"docker": tools.which("docker"), "docker-compose": str(compose)})
        yield {**own_environment(), "PATH": f"{programs}:{tools.environment['PATH']}", "DOCKER_HOST": engine.host}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_our_deployment_is_proved_on(
    row: Row, environment: Mapping[str, str], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seen = verify(["--engine=shared"], tmp_path, environment=environment, seconds=RUN_SECONDS)

    engine = json.loads((tmp_path / "latest" / "guarantees.json").read_text())["engine"]
    record_property("compatibility", described(row, engine, seen))
    assert engine["version"].startswith(row.engine)
    assert engine["compose"] == row.used
    assert not seen.with_verdict("broken"), f"broken:\n{seen.explanation()[:6000]}"
    disturbed = [reason for reason in reasons(seen) if PRIVATE_ONLY not in reason]
    assert not disturbed, f"not for want of a private engine:\n{seen.reasons()}"


def reasons(seen: Verification) -> list[str]:
    """Return why the guarantees that have tests are unproven."""
    return [seen.guarantees[name]["reason"] for name in seen.with_verdict("unproven")]


def described(row: Row, engine: Mapping[str, str], seen: Verification) -> tuple[object, ...]:
    """Return the row of the table: what was run, and its verdicts."""
    verdicts = Counter(guarantee["verdict"] for guarantee in seen.guarantees.values())
    untested = sum(guarantee["reason"] == NOT_TESTED_YET for guarantee in seen.guarantees.values())
    why = Counter("takes a private engine" if PRIVATE_ONLY in reason else reason for reason in reasons(seen))
    unproven = "; ".join(
        [*(f"{number}: {reason}" for reason, number in why.items()), *[f"{untested}: no test"] * bool(untested)]
    )
    broken = ", ".join(sorted(seen.with_verdict("broken"))) or "0"
    return engine["version"], row.compose, engine["compose"], verdicts["proved"], broken, unproven
