"""Before a deploy: the live service and its media are written down. What is not in a volume now can't be compared."""

from __future__ import annotations

import pytest

from media_guarantees.core import journal
from media_guarantees.gate.live_gate import Gate

pytestmark = pytest.mark.guarantee("volume.mounted")


def test_the_media_are_in_a_volume(gate: Gate) -> None:
    volume = gate.expect_one_volume()

    journal.add_evidence(f"{len(gate.live.replicas)} containers of {gate.live.service} keep their media in {volume}")


def test_the_service_and_its_media_are_recorded(gate: Gate) -> None:
    record = gate.record()

    journal.add_evidence(gate.settings.how)
    journal.add_evidence(f"{record.files} files recorded in {record.source}; {record.moving} entries were unstable")
    journal.add_evidence(f"{len(record.served)} pictures were requested, and served as the volume holds them")
    journal.progress(f"record: {record.files} files, in {record.source}")
    assert record.files, f"{record.volume.name} holds no file: after the deploy, nothing could be compared"
