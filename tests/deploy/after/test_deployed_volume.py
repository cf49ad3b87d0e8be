"""After a deploy: what is mounted at the media root, and which volume the guide's commands name."""

from __future__ import annotations

import pytest

from media_guarantees.core import journal
from media_guarantees.gate.baseline import Baseline
from media_guarantees.gate.live_gate import Gate
from media_guarantees.gate.restore_drill.drill import expect_named, read_step
from media_guarantees.guide.reader import Guide

dedicated = pytest.mark.guarantee("volume.dedicated")
mounted = pytest.mark.guarantee("volume.mounted")


@mounted
def test_the_volume_is_mounted_at_the_media_root_of_every_container(gate: Gate) -> None:
    for replica in gate.live.replicas:
        volume = gate.live.volume_of(replica)
        assert gate.live.is_writable(replica), f"{volume.name} is mounted read-only in {replica.name}: uploads fail"
        journal.add_evidence(f"{replica.name} mounts {volume.name} at {gate.live.media_root}")


@mounted
def test_nothing_shadows_it(gate: Gate, before: Baseline) -> None:
    for replica in gate.live.replicas:
        gate.expect_unshadowed(replica, before)


@dedicated
@pytest.mark.parametrize("procedure", ["backup", "restore"])
def test_the_guides_command_names_the_live_volume(gate: Gate, guide: Guide, procedure: str) -> None:
    volume = gate.expect_one_volume()

    expect_named(read_step(guide, procedure, volume.name), volume.name)

    journal.add_evidence(f"the guide's {procedure} command names {volume.name}, which is where the media are")
