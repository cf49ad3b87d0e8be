"""The promises of our own deployment are proved on every engine and Compose."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from combinations import PRIVATE, ROWS, SHARED, Row
from compose_v1 import compose_v1
from shared_engines import shared_engine, user_of
from verification import NOT_TESTED_YET, Verification, verify

from media_guarantees.engine.compose_program import COMPOSES, compose_binary
from media_guarantees.settings import Settings

# On an engine that others may share, nothing is crashed.
PRIVATE_ONLY = "private engine"
RUN_SECONDS = 1800


@pytest.fixture(name="environment")
def _environment(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Mapping[str, str]]:
    """The environment of a user with such a Compose on the PATH and, for a shared engine, `DOCKER_HOST` set to it."""
    row: Row = request.getfixturevalue("row")
    cache = settings.cache
    compose = compose_binary(cache, row.compose) if row.compose in COMPOSES else compose_v1(cache)
    if row.kind == PRIVATE:
        yield {**user_of(cache, {"docker-compose": str(compose)}), **row.settings}
        return
    with shared_engine(cache, row.engine, row.settings) as engine:
        programs = {"docker": engine.tools.which("docker"), "docker-compose": str(compose)}
        yield {**user_of(cache, programs), "DOCKER_HOST": engine.host}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_our_deployment_is_proved_on(
    row: Row, environment: Mapping[str, str], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    chosen = f"{PRIVATE}:{row.engine}" if row.kind == PRIVATE else SHARED

    seen = verify([f"--engine={chosen}", "--beyond"], tmp_path, environment=environment, seconds=RUN_SECONDS)

    engine = json.loads((tmp_path / "latest" / "guarantees.json").read_text())["engine"]
    record_property("compatibility", described(row, engine, seen))
    assert engine["version"].startswith(row.engine.partition("-")[0])
    assert engine["compose"] == row.used
    assert not seen.with_verdict("broken"), f"broken:\n{seen.explanation()[:6000]}"
    disturbed = [reason for reason in reasons(seen) if row.kind == PRIVATE or PRIVATE_ONLY not in reason]
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
    return described_engine(row, engine), row.compose, engine["compose"], verdicts["proved"], broken, unproven


def described_engine(row: Row, engine: Mapping[str, str]) -> str:
    """Return how the engine was had, its version, and what it was told to do differently."""
    settings = "".join(f", {name}={value}" for name, value in row.settings.items())
    store = ", containerd's image store" if row.engine.endswith("-containerd") else ""
    return f"{row.kind}, {engine['version']}{store}{settings}"
