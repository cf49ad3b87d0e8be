"""After a deploy: what is behind the media root, and which volume the guide's commands speak of."""

from __future__ import annotations

import pytest

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.gate.baseline import Record
from media_guarantees.gate.live_gate import Gate
from media_guarantees.guide.guide_runner import named_volumes
from media_guarantees.guide.reader import Guide, StepMissing

dedicated = pytest.mark.guarantee("volume.dedicated")
mounted = pytest.mark.guarantee("volume.mounted")


@mounted
def test_the_volume_is_mounted_at_the_media_root_of_every_container(gate: Gate) -> None:
    for replica in gate.live.replicas:
        volume = gate.live.volume_of(replica)
        assert gate.live.is_writable(replica), f"{volume.name} is mounted read-only in {replica.name}: uploads fail"
        journal.add_evidence(f"{replica.name} mounts {volume.name} at {gate.live.media_root}")


@mounted
def test_nothing_shadows_it(gate: Gate, before: Record) -> None:
    for replica in gate.live.replicas:
        gate.expect_unshadowed(replica, before)


@dedicated
@pytest.mark.parametrize("procedure", ["backup", "restore"])
def test_the_guides_command_names_the_live_volume(gate: Gate, guide: Guide, procedure: str) -> None:
    volume = gate.expect_one_volume()
    try:
        step = guide.step(procedure)
    except StepMissing as missing:
        raise PromiseBroken(str(missing), next_step=f"print the command in {guide.source}") from missing

    named = named_volumes(step)

    if named != (volume.name,):
        raise PromiseBroken(
            f"the media are in {volume.name}, but line {step.line} of {guide.source.name} names "
            f"{' and '.join(named) or 'no volume'}",
            means=f"the {procedure} command makes a new, empty volume, works on that, and reports success",
            next_step=f"give the volume its literal name in the compose file:  name: {(named or ['media_volume'])[0]}",
        )
    journal.add_evidence(f"the guide's {procedure} command names {volume.name}, which is where the media are")
