"""The gate on each of many servers, each in a separate run: one verdict for each host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import pytest

from media_guarantees.core.verdict import BROKEN, UNPROVEN
from media_guarantees.gate.fleet import HostVerdict


def test_the_gate_on(
    server_host: str, judged: Callable[[str], HostVerdict], record_property: Callable[[str, object], None]
) -> None:
    seen = judged(server_host)
    record_property("host", asdict(seen))

    assert seen.answered, f"{server_host} is unproven: {seen.reason}"
    assert seen.verdict != BROKEN, f"{server_host} is broken: {seen.reason}; evidence: {seen.report}"
    if seen.verdict == UNPROVEN:
        pytest.skip(f"{server_host} is unproven: {seen.reason}; evidence: {seen.report}")
