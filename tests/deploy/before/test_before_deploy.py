"""Before a deploy: the live service and its media are recorded. Media outside a volume can't be compared later."""

from __future__ import annotations

import pytest

from media_guarantees.core import journal
from media_guarantees.gate.live_gate import Gate

pytestmark = pytest.mark.guarantee("volume.mounted")


def test_the_media_are_in_a_volume(gate: Gate) -> None:
    volume = gate.expect_one_volume()

    journal.add_evidence(f"{len(gate.live.replicas)} containers of {gate.live.service} keep their media in {volume}")


def test_the_service_and_its_media_are_recorded(gate: Gate) -> None:
    baseline = gate.record()

    journal.add_evidence(gate.settings.how)
    journal.add_evidence(
        f"{baseline.files} files recorded in {baseline.source}; {baseline.moving} entries were unstable"
    )
    journal.add_evidence(f"{len(baseline.served)} pictures were requested, and served as the volume holds them")
    journal.progress(f"record: {baseline.files} files, in {baseline.source}")
    assert baseline.files, f"{baseline.volume.name} holds no file: after the deploy, nothing could be compared"
