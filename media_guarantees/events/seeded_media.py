"""The sample pictures that the suite has uploaded to the platform."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.stack import Stack
from media_guarantees.media.diff import NothingCompared
from media_guarantees.media.sample_pictures import KINDS, Kind, Sample, fresh_sample
from media_guarantees.media.uploads.platform_protocol import Upload


class SeededMedia:
    """The suite's pictures in a stack; those that an earlier test lost are uploaded again."""

    def __init__(self, samples: Sequence[Sample], seed: int) -> None:
        self.samples = samples
        self._random = random.Random(seed)  # noqa: S311 - drawn from a seed so that a run can be repeated
        self._uploads: list[Upload] = []

    def ensure_uploaded(self, stack: Stack) -> tuple[Upload, ...]:
        """Upload the samples that are no longer kept; return one upload per sample, in order."""
        with stack.platform.keep_alive():
            kept = [upload for upload in self._uploads if is_kept(stack, upload)]
            held = {upload.sample for upload in kept}
            wanted = (sample for sample in self.samples if sample.kind in stack.platform.kinds)
            given = [stack.platform.upload(sample) for sample in wanted if sample not in held]
            if stack.platform.serves:
                given = [replace(upload, served=stack.platform.fetch(upload.url)) for upload in given]
            self._uploads = kept + given
        return tuple(sorted(self._uploads, key=lambda upload: self.samples.index(upload.sample)))

    @property
    def uploads(self) -> tuple[Upload, ...]:
        """The uploads of the last `ensure_uploaded`, whether or not they still exist."""
        return tuple(self._uploads)

    @property
    def are_unserved(self) -> bool:
        """Whether no uploaded picture was served when it was first requested."""
        return bool(self._uploads) and not any(upload.was_served for upload in self._uploads)

    def fresh(self, kinds: Sequence[Kind] = KINDS) -> Sample:
        """Return a picture that the platform has never seen, of one of these kinds."""
        return fresh_sample(self._random, self._random.choice(kinds))


def is_kept(stack: Stack, upload: Upload) -> bool:
    """Whether an uploaded picture is there: served as it was, or in the volume where it was never served."""
    return is_served_as_before(stack, upload) if upload.was_served else is_stored(stack, upload)


def is_stored(stack: Stack, upload: Upload) -> bool:
    """Whether an uploaded picture is in the volume, byte for byte."""
    entry = stack.media.manifest().entries.get(upload.path.encode())
    return entry is not None and entry.sha256 == upload.sample.sha256


def is_served_as_before(stack: Stack, upload: Upload) -> bool:
    """Whether an uploaded picture comes back as it did when it was first asked for."""
    try:
        found = stack.platform.fetch(upload.url)
    except PromiseBroken:
        return False
    return found.status == 200 and found == upload.served


def expect_served_as_before(stack: Stack, uploads: Iterable[Upload], *, event: str) -> None:
    """Ask for every picture; raises `PromiseBroken` that names those that don't come back as they did.

    A service that never served them, as another one does or none at all, is not asked: the evidence says so. Raises
    `NothingCompared` where there is no picture to ask for.
    """
    uploads = tuple(uploads)
    if not uploads:
        raise NothingCompared(f"there was no picture to ask for after {event}")
    served = [upload for upload in uploads if upload.was_served]
    if not served:
        journal.add_evidence(f"{why_unserved(stack, uploads)}: after {event}, only their storage is judged")
        return
    with stack.platform.keep_alive():
        lost = [upload for upload in served if not is_served_as_before(stack, upload)]
    if lost:
        named = "; ".join(f"{upload.url} ({upload.sample.note})" for upload in lost[:5])
        raise PromiseBroken(
            f"after {event}, {len(lost)} of {len(served)} pictures are not served as they were: {named}",
            means="people see broken or wrong pictures where theirs should be",
            next_step=f"docker-compose logs {stack.service}",
            damaged={upload.path: "not served as it was" for upload in lost},
        )
    journal.add_evidence(f"{len(served)} pictures served the same after {event}")


def why_unserved(stack: Stack, uploads: Sequence[Upload]) -> str:
    """Return why no picture can be requested, and what to configure, if anything helps."""
    answers = sorted({upload.served.status for upload in uploads if upload.served})
    if not answers:
        return stack.unserved
    return (
        f"{stack.service} never served these media: it answered {' and '.join(map(str, answers))} from the beginning "
        "(MEDIA_SERVER=… names the service that does, UPLOAD_CONFIG=… where)"
    )


def expect_new_upload_works(stack: Stack, seeded_media: SeededMedia, *, event: str) -> None:
    """Upload a picture that the platform has never seen and look for it; raises `PromiseBroken` if either fails.

    It is asked for where pictures have been served before; else it is looked for in the volume.
    """
    upload = stack.platform.upload(seeded_media.fresh(stack.platform.kinds))
    if seeded_media.are_unserved:
        if not is_stored(stack, upload):
            raise PromiseBroken(f"after {event}, {upload.path} was accepted, and is not in the volume")
        journal.add_evidence(f"a new file is stored after {event}")
        return
    served = stack.platform.fetch(upload.url)
    if served.status != 200 or not served.content:
        raise PromiseBroken(f"after {event}, {upload.url} was accepted, and then answered {served.status}")
    journal.add_evidence(f"a new upload works after {event}")
