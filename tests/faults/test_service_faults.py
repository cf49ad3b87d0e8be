"""Disk full or read-only, database gone: our service says so, keeps no partial file, and recovers by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from filling import EMPTY, FILL, FILL_INODES, FILLER

from media_guarantees.core.errors import BadInput
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.events.before_after import expect_same
from media_guarantees.events.loop_disk import Disk, make_disk, media_on, mounted
from media_guarantees.events.seeded_media import (
    SeededMedia,
    expect_new_upload_works,
    expect_served_as_before,
    is_served_as_before,
)
from media_guarantees.media.manifest import Manifest
from media_guarantees.media.sample_pictures import Sample
from media_guarantees.media.uploads.platform_protocol import Upload
from media_guarantees.media.uploads.upload_client import HttpPlatform

DISK_BYTES = 16 * 1024 * 1024
INODES = 96
ATTEMPTS = 5
MOST_ATTEMPTS = 60
DATABASE = "/usr/src/platform/database"


@dataclass(frozen=True)
class Fault:
    """What goes wrong, by scripts of `sh` that run on the disk (or in the service's container) and undo it again.

    `status` is that of the response to an upload during the fault, `says` what it must contain.
    """

    failing: str
    heal: str
    status: int
    says: str
    in_container: bool = False

    def run(self, script: str, stack: Stack, disk: Disk) -> None:
        """Run one of the scripts where it belongs."""
        if self.in_container:
            done = stack.service_container.execute(["sh", "-c", f"cd {DATABASE} && {script}"])
            assert done.ok, f"the fault could not be brought about: {done.complaint}"
        else:
            disk.run("sh", "-c", f'cd "$1" && {script}', "sh", disk.folder)


FULL = "no space left"
FAULTS = {
    "full": Fault(FILL, EMPTY, 507, FULL),
    "almost full": Fault(f"{FILL}; truncate --size=-20K {FILLER}", EMPTY, 507, FULL),
    "out of inodes": Fault(FILL_INODES, EMPTY, 507, FULL),
    "read-only": Fault("mount -o remount,ro .", "mount -o remount,rw .", 503, "media directory can't be used"),
    "without its database": Fault(
        "mkdir away && mv connect.sqlite3* away", "mv away/* . && rmdir away", 503, "database", in_container=True
    ),
}


class Answer(NamedTuple):
    """The answer to an upload, and what was in the volume then."""

    sample: Sample
    status: int
    said: dict[str, str]
    found: Manifest

    @property
    def accepted(self) -> bool:
        """Whether the picture was taken."""
        return self.status == 201


class Struck(NamedTuple):
    """The service before, during and after a fault."""

    process: tuple[str, int, str]
    before: Manifest
    uploads: tuple[Upload, ...]
    answers: tuple[Answer, ...]
    served: tuple[bool, ...]


@pytest.fixture(scope="module", name="disk")
def _disk(engine: Engine, session_stack: Stack, run_folder: Path) -> Iterator[Disk]:
    """A small disk with the media of the service on it."""
    if engine.private_engine is None:
        pytest.skip("it takes a private engine, under which a disk of the run's own can be put")
    with ExitStack() as stack:
        try:
            make_disk(run_folder / "faults.img", DISK_BYTES, inodes=INODES)
            disk = stack.enter_context(mounted(engine.private_engine, run_folder / "faults.img"))
        except BadInput as problem:
            pytest.skip(str(problem))
        stack.enter_context(media_on(disk, session_stack))
        yield disk


@pytest.fixture(scope="module", name="fault", params=list(FAULTS.values()), ids=list(FAULTS))
def _fault(request: pytest.FixtureRequest) -> Fault:
    """One of the faults."""
    fault: Fault = request.param
    return fault


@pytest.fixture(scope="module", name="struck")
def _struck(fault: Fault, disk: Disk, session_stack: Stack, seeded_media: SeededMedia) -> Struck:
    """Upload pictures, inject the fault, try uploads, remove the fault."""
    stack = session_stack
    uploads = seeded_media.ensure_uploaded(stack)
    process, before = process_of(stack), media_on_disk(disk)
    fault.run(fault.failing, stack, disk)
    try:
        answers = try_uploads(stack, disk, seeded_media)
        served = tuple(is_served_as_before(stack, upload) for upload in uploads)
    finally:
        fault.run(fault.heal, stack, disk)
    return Struck(process, before, uploads, answers, served)


def try_uploads(stack: Stack, disk: Disk, seeded_media: SeededMedia) -> tuple[Answer, ...]:
    """Upload pictures until some are refused, or many more are accepted than there is room for."""
    answers: list[Answer] = []
    while sum(not answer.accepted for answer in answers) < ATTEMPTS and len(answers) < MOST_ATTEMPTS:
        answers.append(attempt(stack, disk, seeded_media.fresh()))
    return tuple(answers)


def attempt(stack: Stack, disk: Disk, sample: Sample) -> Answer:
    """Upload a picture and return the answer, also a refusal."""
    platform = HttpPlatform(stack.address, stack.token)
    response = platform.request(
        "POST",
        f"/api/{sample.kind}/",
        files={"file": (sample.name, sample.content, sample.content_type)},
        headers={"Authorization": f"Bearer {stack.token}"},
    )
    return Answer(sample, response.status_code, response.json(), media_on_disk(disk))


def process_of(stack: Stack) -> tuple[str, int, str]:
    """Return what changes when the service is restarted."""
    identity = stack.identity()
    return identity.container, identity.process, identity.started


def media_on_disk(disk: Disk) -> Manifest:
    """Return what is on the disk, without the files that fill it and without the root, whose time they change."""
    return disk.manifest().only(lambda path: path != b"." and not path.startswith(FILLER.encode()))


def test_an_upload_that_can_not_be_kept_is_refused_with_the_reason(struck: Struck, fault: Fault) -> None:
    refused = [answer for answer in struck.answers if not answer.accepted]

    assert refused, "every upload was accepted: the fault was none"
    wrong = [
        (answer.status, answer.said)
        for answer in refused
        if answer.status != fault.status or fault.says not in answer.said.get("error", "")
    ]
    assert not wrong, f"refused, but not with {fault.status} and {fault.says!r}: {wrong}"


def test_an_upload_is_there_whole_or_not_at_all(struck: Struck) -> None:
    kept = dict(struck.before.entries)
    for answer in struck.answers:
        if answer.accepted:
            path = answer.said["path"].encode()
            kept[path] = answer.found.entries[path]
            assert kept[path].sha256 == answer.sample.sha256, f"{answer.said['path']} was accepted and is not whole"
        # A directory's time changes with whatever is tried in it.
        event = f"an upload that was answered {answer.status}"
        expect_same(Manifest(kept), answer.found, event=event, mtime="ignore")


def test_older_pictures_are_served_during_the_fault(struck: Struck) -> None:
    assert struck.served
    assert all(struck.served), f"{struck.served.count(False)} of {len(struck.served)} pictures were not served"


def test_the_service_heals_without_a_restart(struck: Struck, session_stack: Stack, seeded_media: SeededMedia) -> None:
    expect_new_upload_works(session_stack, seeded_media, event="the fault was gone")
    expect_served_as_before(session_stack, struck.uploads, event="the fault was gone")

    assert process_of(session_stack) == struck.process, "another container or process: it was restarted"
