"""After a deploy: every picture is in its place, unchanged, readable for the service, and served."""

from __future__ import annotations

import os
import time

import pytest

from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.gate.baseline import Baseline
from media_guarantees.gate.compare import CHANGED, GONE, MEANS, REOWNED, UNREACHABLE, UNREAD, UNSTABLE, Comparison
from media_guarantees.gate.live_gate import Gate
from media_guarantees.media.diff import describe

pytestmark = pytest.mark.guarantee("persistence.update")


def test_something_was_deployed(gate: Gate, before: Baseline) -> None:
    then = {replica.identifier: replica for replica in before.replicas}
    fresh = [replica for replica in gate.live.replicas if replica.identifier not in then]

    if not fresh:
        pytest.skip("nothing was deployed: every container is the one that ran before")
    images = {replica.image for replica in fresh} - {replica.image for replica in before.replicas}
    minutes = (time.time() - before.recorded) / 60
    journal.add_evidence(
        f"{len(fresh)} new containers in place of {len(then)}, of {'a new' if images else 'the same'} image; "
        f"recorded {minutes:.0f} minutes ago"
    )


def test_the_volume_is_the_same(gate: Gate, before: Baseline) -> None:
    volume = gate.expect_one_volume()

    if volume != before.volume:
        kept = volume.name != before.volume.name and gate.live.has_volume(before.volume.name)
        raise PromiseBroken(
            f"the media root is backed by {volume}; before the deploy, by {before.volume}",
            means="what people uploaded before the deploy is no longer served"
            + (f"; the volume {before.volume.name} is still there" if kept else ""),
            next_step=f"mount {before.volume.name} again" if kept else "restore the last backup",
        )
    journal.add_evidence(f"{volume} is the same over the deploy")


@pytest.mark.parametrize("lost", [GONE, CHANGED, REOWNED, UNREACHABLE])
def test_no_media_are(comparison: Deferred[Comparison], gate: Gate, lost: str) -> None:
    seen = comparison.get()

    if seen.counts[lost]:
        found = seen.found[lost]
        raise PromiseBroken(
            f"{seen.counts[lost]} {lost}, of {seen.files} files; {describe(found, event='the deploy')}",
            means=MEANS[lost],
            next_step="look at every difference, in the folder differences/ of this run's report",
            detail=describe(found, event="the deploy", limit=None),
        )
    journal.add_evidence(f"{seen.summary()} after the deploy")
    journal.add_evidence(gate.settings.how)


def test_enough_was_compared(comparison: Deferred[Comparison]) -> None:
    seen = comparison.get()

    if not seen.files - seen.counts[UNSTABLE]:
        pytest.skip("nothing was compared: every file that was there before is unstable")
    if seen.counts[UNREAD]:
        pytest.skip(
            f"{seen.counts[UNREAD]} files have another time, and their contents before the deploy are not known: "
            "record with MANIFEST=full to find out"
        )


def test_the_service_serves_what_it_has(gate: Gate, before: Baseline) -> None:
    if not before.served:
        pytest.skip("the service served none of its media before the deploy: there is nothing to hold it to")
    scan = gate.scan(before)
    there = [path for path in map(os.fsencode, before.served) if path in scan.entries and path not in scan.unstable]

    faults = gate.asked(gate.live.replicas, there, scan)

    wrong = [f"/media/{os.fsdecode(path)} {fault}" for path, fault in faults.items() if fault]
    if wrong:
        raise PromiseBroken(
            f"{len(wrong)} of {len(faults)} pictures that are in the volume, and were served before the deploy, are "
            f"not: {'; '.join(wrong[:5])}",
            means="people see broken or wrong pictures where theirs should be",
            next_step=f"docker logs --tail 50 {gate.live.replicas[0].name}",
        )
    if not faults:
        pytest.skip("none of the pictures that were served before the deploy is there to be asked for")
    journal.add_evidence(f"{len(faults)} pictures are served as the volume holds them, by every container")
