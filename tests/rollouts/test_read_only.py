"""The gate only reads: the engine's events and every inode show it, while people upload."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from owner import Owner

from media_guarantees.media.sample_pictures import fresh_sample
from media_guarantees.system.background_command import in_background
from media_guarantees.system.run_id import LABEL

MANY = 60  # more files than the gate requests from the service: nothing has a reason to open the others
PAUSE = 0.3


class Inode(NamedTuple):
    """What the file system knows of a file; reading it through a mount that may be written would move `read`."""

    number: int
    mode: int
    owner: tuple[int, int]
    size: int
    written: int
    changed: int
    read: int


class Watched(NamedTuple):
    """What happened on the server while the gate ran."""

    before: dict[str, Inode]
    after: dict[str, Inode]
    asked_for: set[str]
    events: list[dict[str, Any]]
    service: str
    uploads: int
    found: tuple[list[str], list[str]]
    left: tuple[list[str], list[str]]


@contextmanager
def uploading(owner: Owner) -> Iterator[list[str]]:
    """Upload a picture now and then during the block; the list names the accepted ones."""
    accepted, rng = list[str](), random.Random(1)  # noqa: S311

    def upload(over: threading.Event) -> None:
        while not over.wait(PAUSE):
            sample = fresh_sample(rng, "avatars")
            owner.upload(sample)
            accepted.append(sample.name)

    with in_background(upload):
        yield accepted


def inodes(owner: Owner) -> dict[str, Inode]:
    """Look at every file of the volume without opening one: a private engine's volumes lie on this host."""
    root = Path(owner.docker("volume", "inspect", "--format", "{{.Mountpoint}}", "media_volume"))
    files = [path for path in root.rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): inode(path.stat()) for path in files}


def inode(status: os.stat_result) -> Inode:
    times = (status.st_mtime_ns, status.st_ctime_ns, status.st_atime_ns)
    return Inode(status.st_ino, status.st_mode, (status.st_uid, status.st_gid), status.st_size, *times)


@pytest.fixture(scope="module", name="watched")
def _watched(lasting_owner: Owner) -> Watched:
    """The whole gate, before, after and drill, on a server that people use, with everything that happened there."""
    owner = lasting_owner
    owner.in_volume(f"for n in $(seq {MANY}); do echo $n > event_banners/$n.jpg; done; chown -R 10001:10001 .")
    begun, found = time.time(), things(owner)
    with uploading(owner) as accepted:
        before, many = inodes(owner), len(accepted)
        for target in ("before-deploy", "after-deploy"):
            made = owner.make(target)
            assert made.returncode == 0, made.stdout
        uploads = len(accepted) - many
        after = inodes(owner)
    printed = owner.docker("events", f"--since={begun:.6f}", f"--until={time.time():.6f}", "--format", "{{json .}}")
    with owner.state.open("rb") as record:
        asked_for = set(json.loads(record.readline())["served"])
    service = owner.compose("ps", "--quiet", "web-project").text
    events = [json.loads(line) for line in printed.splitlines()]
    return Watched(before, after, asked_for, events, service, uploads, found, things(owner))


def test_people_went_on_uploading(watched: Watched) -> None:
    assert watched.uploads >= 10
    assert len(watched.after) >= len(watched.before) + watched.uploads - 1


def test_no_file_was_written_or_touched(watched: Watched) -> None:
    assert len(watched.before) >= MANY
    changed = {
        path: (then, watched.after.get(path))
        for path, then in watched.before.items()
        if (now := watched.after.get(path)) is None or now._replace(read=0) != then._replace(read=0)
    }

    assert changed == {}


def test_what_was_not_asked_for_was_read_without_a_trace(watched: Watched) -> None:
    others = watched.before.keys() - watched.asked_for
    assert len(others) >= MANY // 2, "all files were requested: none is left that shows a read-only mount"

    opened = [path for path in others if watched.after[path].read != watched.before[path].read]

    assert opened == []


def test_the_live_volume_was_only_ever_mounted_read_only(watched: Watched) -> None:
    mounts = [
        event["Actor"]["Attributes"]
        for event in watched.events
        if (event["Type"], event["Action"], event["Actor"]["ID"]) == ("volume", "mount", "media_volume")
    ]

    assert len(mounts) >= 4, "before, after, and twice around the backup"
    assert {mount["read/write"] for mount in mounts} == {"false"}


def test_nothing_but_reading_was_done_in_the_services_container(watched: Watched) -> None:
    done = {
        event["Action"]
        for event in watched.events
        if event["Type"] == "container" and event["Actor"]["ID"] == watched.service
    }
    of_others = {action for action in done if "healthcheck" in action or action.startswith("health_status")}

    reading = {
        action
        for action in done
        if action.startswith(("exec_create: /bin/sh -c cat /proc/", "exec_start: /bin/sh -c cat /proc/"))
    }

    assert reading
    assert done - of_others - reading <= {"exec_die"}


def test_what_was_made_was_the_runs_own_and_is_gone(watched: Watched) -> None:
    containers = [
        event["Actor"] for event in watched.events if (event["Type"], event["Action"]) == ("container", "create")
    ]
    # That a volume is created, old engines say of one that is there whenever it is mounted.
    destroyed = {
        event["Actor"]["ID"] for event in watched.events if (event["Type"], event["Action"]) == ("volume", "destroy")
    }

    assert len(containers) >= 4
    assert [actor for actor in containers if actor["Attributes"].get(LABEL) != "run"] == []
    assert len(destroyed) == 2, "the drill's two volumes"
    assert [name for name in destroyed if not name.startswith(f"{LABEL}-")] == []
    assert watched.left == watched.found


def things(owner: Owner) -> tuple[list[str], list[str]]:
    """List every volume and every container."""
    containers = owner.docker("ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}}")
    return sorted(owner.docker("volume", "ls", "--quiet").split()), sorted(containers.splitlines())
