"""The volume that the guide names: it exists, it is the right one, and it holds the media."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.core.waiting import DeadlineExceeded, wait_until
from media_guarantees.deployment.compose.compose_model import Deployment, Model
from media_guarantees.deployment.compose.media_mount import Mount
from media_guarantees.deployment.sandbox.project_folder import write_model
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.helper_container import label_arguments
from media_guarantees.events.home.links_out import leads_out
from media_guarantees.events.home.media_home import expect_home, mounts_directory
from media_guarantees.events.planted_entries import is_planted
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.events.volume_watcher import watching
from media_guarantees.guide.guide_runner import Operator, named_volumes
from media_guarantees.media.manifest import ROOT, printable
from media_guarantees.media.media_volume import VolumeMedia, is_directory
from media_guarantees.system import commands

dedicated = pytest.mark.guarantee("volume.dedicated")
mounted = pytest.mark.guarantee("volume.mounted")
receives_uploads = pytest.mark.guarantee("volume.receives_uploads")

# What keeps its data somewhere makes its files there when it starts.
WRITE_SECONDS = 5.0


@dedicated
def test_a_named_volume_backs_the_media_root(stack: Stack, deployment: Deployment, operator: Operator) -> None:
    name = expect_home(stack, operator)
    if is_directory(name):
        raise Unproven(
            "the media are in a directory of the host, and the guide promises no volume: it has no name that the "
            "guide's commands could miss"
        )

    target = stack.backing.mount().target
    written = [mount.source for mount in deployment.mounts(stack.service) if mount.target == target]

    assert [stack.run.name(source) for source in written] == [name], (
        f"{stack.media_root} is backed by {name!r}, which the compose file does not name: an anonymous volume is left "
        "behind, with all media, when the container is recreated"
    )
    journal.add_evidence(f"volume {name} is mounted at {target}")


@dedicated
@pytest.mark.parametrize("procedure", ["backup", "restore"])
def test_the_guides_command_names_the_volume_that_holds_the_media(
    stack: Stack, operator: Operator, procedure: str
) -> None:
    step = operator.step(procedure)
    named = list(named_volumes(step))
    own = stack.declared_mount()
    real = [own.source] if own else []

    if not named or mounts_directory(stack, step):
        raise Unproven(f"the guide's {procedure} command, line {step.line} of {step.source.name}, names no volume")
    if not set(real) & set(named):
        raise PromiseBroken(
            f"the media are in {' and '.join(real) or 'no volume'}, but line {step.line} of {step.source.name} names "
            f"{' and '.join(named)}",
            means=CONSEQUENCES[procedure],
            next_step=fix_hint(own, stack.media_root, named[0]),
        )
    journal.add_evidence(f"the guide's {procedure} command names {real[0]}, which is where the media are")


CONSEQUENCES = {
    "backup": "Docker makes a new, empty volume of that name; the backup archives nothing and reports success: the "
    "media are in no backup at all, which is noticed only on the day of the restore",
    "restore": "the media are put back into a volume that the service never looks at, and the command reports "
    "success: after a restore the platform is as empty as before",
}


def fix_hint(own: Mount | None, media_root: str, named: str) -> str:
    """Return what to change so that the guide's commands reach the media, including existing ones."""
    if own is None or own.kind != "volume" or not own.source:
        return f"mount {named}:{media_root} in the compose file, and declare the volume with  name: {named}"
    return (
        f"give the volume its literal name in the compose file:  name: {named}  and copy what is there before the "
        f"next deploy: docker run --rm -v {own.source}:/from -v {named}:/to ubuntu cp -a /from/. /to/"
    )


@dedicated
def test_nothing_else_keeps_its_data_in_the_media_volume(stack: Stack, deployment: Deployment) -> None:
    own = stack.declared_mount()
    assert own, f"nothing is mounted at {stack.media_root}: there is no media volume that others could use"

    others = deployment.other_writers(own)
    written = what_they_write(stack, sorted(others)) if others else {}

    if written:
        raise PromiseBroken(
            f"the media volume is also used by {', '.join(f'{name} at {others[name]}' for name in sorted(others))}: "
            f"in an empty one they made {', '.join(map(printable, sorted(written)[:5]))}",
            means="its files get among the media and into their backups, and what a restore writes gets among its own",
            next_step="give it a volume of its own, or, if it only serves the media, mount theirs with  :ro",
        )
    for name in deployment.fellow_writers(own):
        if stack.project.containers(name):
            journal.add_evidence(
                f"{name} may write to the media too, at the same path, as a part of the platform; if it only serves "
                "them, say  :ro"
            )
    for name in sorted(others):
        journal.add_evidence(
            f"{name} may write at {others[name]} and wrote nothing when it was started; if it only serves, say  :ro"
        )


def what_they_write(stack: Stack, services: Sequence[str]) -> set[bytes]:
    """Start these services on an empty volume in place of the media's, for a moment; return what they write there.

    One that has ended by now, as what fills a volume at first, keeps nothing in it.
    """
    running = [service for service in services if stack.project.containers(service)]
    if not running:
        return set()
    name = stack.run.name("media_that_others_see")
    restart = ("up", "--detach", "--no-deps", "--force-recreate", *running)
    empty = make_empty_volume(stack, name)
    write_model(with_another_volume(stack, running, name), stack.folder)
    try:
        stack.project.compose(*restart)
        with suppress(DeadlineExceeded):
            wait_until(lambda: others_in(empty), what=f"{running} write something", seconds=WRITE_SECONDS)
        return others_in(empty)
    finally:
        write_model(stack.model, stack.folder)
        stack.project.compose(*restart)
        commands.run(["docker", "volume", "rm", "--force", name], env=stack.environment)


def make_empty_volume(stack: Stack, name: str) -> VolumeMedia:
    """Make a volume whose root belongs to the same user as that of the media."""
    root = stack.media.manifest().entries[ROOT]
    stack.project.docker("volume", "create", *label_arguments(stack.run.labels), name)
    empty = replace(stack.media, volume=name, folder="")
    empty.shell('chown "$1" . && chmod "$2" .', f"{root.uid}:{root.gid}", f"{root.mode:o}")
    return empty


def others_in(media: VolumeMedia) -> set[bytes]:
    """Return every path in a volume but its root."""
    return set(media.sizes()) - {b"."}


def with_another_volume(stack: Stack, services: Sequence[str], name: str) -> Model:
    """Return the model in which these services have a volume `name` where they have what keeps the media."""
    model, media = copy.deepcopy(stack.model), stack.backing.name
    volumes = model.setdefault("volumes", {})
    names = {key: volume.get("name") for key, volume in volumes.items()}
    volumes["media-verify"] = {"name": name, "external": True}
    for mount in (mount for service in services for mount in model["services"][service].get("volumes") or ()):
        source = str(mount.get("source"))
        if (source if mount["type"] == "bind" else names.get(source)) == media:
            mount.pop("bind", None)
            mount.update(type="volume", source="media-verify", volume={"nocopy": True})
    return model


@mounted
def test_what_keeps_the_media_is_mounted_for_reading_and_writing(stack: Stack, operator: Operator) -> None:
    mount = stack.backing.mount()
    options = stack.service_container.mount_table()

    assert expect_home(stack, operator), "the media are in no volume"
    assert mount.target in options, f"the container itself sees no mount at {mount.target}"
    assert not mount.read_only, f"{mount.target} is mounted read-only: the first upload will fail"
    assert "rw" in options[mount.target], f"inside the container {mount.target} is mounted {options[mount.target]}"


@mounted
def test_no_other_mount_hides_a_part_of_it(stack: Stack) -> None:
    root = stack.service_container.resolve(stack.media_root)
    below = [target for target in stack.service_container.mount_table() if target.startswith(root + "/")]

    assert not below, f"{', '.join(below)} is mounted over the volume: media there are in no backup"


@mounted
def test_no_symbolic_link_leads_out_of_it(stack: Stack, seeded_media: SeededMedia) -> None:
    seeded_media.ensure_uploaded(stack)
    roots = {stack.media_root, stack.service_container.resolve(stack.media_root)}

    ways_out = [
        printable(entry.path)
        for entry in stack.media.manifest().entries.values()
        if entry.kind == "symlink" and leads_out(entry.path, entry.target, roots) and not is_planted(entry.path)
    ]

    assert not ways_out, f"{', '.join(ways_out)} leads out of the volume: what it points at is in no backup"


# Each operation follows from the one before; "$1" is a file in the media root.
FILE_OPERATIONS = {
    "create": 'printf one > "$1"',
    "read": '[ "$(cat "$1")" = one ]',
    "replace": 'printf two > "$1.new" && mv "$1.new" "$1" && [ "$(cat "$1")" = two ]',
    "delete": 'rm "$1" && [ ! -e "$1" ]',
}


@mounted
@pytest.mark.parametrize("operation", FILE_OPERATIONS)
def test_the_services_own_user_can_work_there(stack: Stack, operation: str) -> None:
    so_far = list(FILE_OPERATIONS.values())[: list(FILE_OPERATIONS).index(operation) + 1]
    script = f'{" && ".join(so_far)}; done=$?; rm -f "$1"; exit "$done"'

    worked = stack.service_container.work(script, f"{stack.media_root}/.probe", needs=("cat", "mv", "rm"))

    user = stack.service_container.user()
    assert worked.ok, (
        f"user {user}, whom the service runs as, can't {operation} a file in {stack.media_root}: "
        f"{worked.complaint}; uploads will be refused"
    )


@receives_uploads
def test_every_upload_is_in_the_volume_when_its_answer_arrives(
    stack: Stack, seeded_media: SeededMedia, operator: Operator
) -> None:
    assert expect_home(stack, operator), "the media are in no volume"
    seen = {}
    with watching(stack.media) as watcher:
        for sample in (sample for sample in seeded_media.samples if sample.kind in stack.platform.kinds):
            upload = stack.platform.upload(sample)
            seen[upload.path] = (watcher.sha256(upload.path), sample.sha256)

    missing = [path for path, (found, _) in seen.items() if found is None]
    other = [path for path, (found, sent) in seen.items() if found is not None and found != sent]
    assert seen, "nothing was uploaded"
    assert not missing, f"accepted, but not in the volume when the answer came: {missing}"
    assert not other, f"accepted, but in the volume with other bytes: {other}"
    journal.add_evidence(f"{len(seen)} uploads, each in the volume, byte for byte, when its answer arrived")


@receives_uploads
def test_the_containers_own_layer_holds_no_media(stack: Stack, seeded_media: SeededMedia) -> None:
    uploads = seeded_media.ensure_uploaded(stack)
    layer = stack.service_container.written_layer()

    strays = sorted(path for path, digest in layer.items() if digest in {upload.sample.sha256 for upload in uploads})

    assert uploads, "nothing was uploaded"
    assert not strays, f"media in the container's own layer, which goes at the next deploy: {strays}"
    journal.add_evidence(f"{len(layer)} files in the container's own layer, none of them media")
