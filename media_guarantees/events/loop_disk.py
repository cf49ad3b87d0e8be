"""Disks for media under test: small enough to be filled, and kept in files that can be copied.

A disk is a file with an ext4 file system, mounted only inside a private engine, invisible to the host. It can't be
left behind: the loop device goes with the mount (mount(8), "Loop-device support"), the mount with the engine's name
space, and the engine with the run, however that ends.
"""

from __future__ import annotations

import copy
import filecmp
import os
import posixpath
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from media_guarantees.core.errors import BadInput
from media_guarantees.deployment.compose.compose_model import Model
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.private_engine import PrivateEngine
from media_guarantees.media.container_listing import LISTING, read_listing
from media_guarantees.media.manifest import Manifest
from media_guarantees.system import commands

VOLUME = "media_on_a_disk"
_SBIN = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


@dataclass(frozen=True)
class Disk:
    """A mounted disk. `folder` is its mount point, visible to the engine only; `image` is its file on this host."""

    engine: PrivateEngine
    image: Path
    folder: str

    def run(self, *args: str, stdin: bytes | None = None) -> commands.Outcome:
        """Run a program as root where the disk is seen; a status other than 0 is an error."""
        return commands.check(self.engine.nsenter_command(*args), stdin=stdin)

    def remount(self, mode: str) -> None:
        """Remount the disk ``ro`` or ``rw`` while it is in use."""
        self.run("mount", "-o", f"remount,{mode}", self.folder)

    def manifest(self) -> Manifest:
        """Return what is on the disk."""
        return read_listing(self.run(*LISTING, self.folder).stdout)

    def copy(self, image: Path) -> bool:
        """Copy the disk without syncing it first; return whether it stayed unchanged during the copy.

        The copy is what a power cut would leave. If the disk was written to during the copy, it is not consistent.
        """
        commands.check(["cp", "--sparse=always", str(self.image), str(image)])
        return filecmp.cmp(self.image, image, shallow=False)


def make_disk(image: Path, size: int, *, inodes: int | None = None) -> None:
    """Make a disk of `size` bytes; with `inodes`, for no more files than that. Raises `BadInput` without mkfs.ext4."""
    mkfs = shutil.which("mkfs.ext4", path=_SBIN)
    if mkfs is None:
        raise BadInput("there is no mkfs.ext4 to make a disk with", "install e2fsprogs")
    # No block is reserved for root: a disk that is full for the service is full for root too.
    few = [] if inodes is None else ["-N", str(inodes)]
    commands.check([mkfs, "-q", "-F", "-m", "0", *few, str(image), f"{size // 1024}k"])


@contextmanager
def mounted(engine: PrivateEngine, image: Path, *options: str) -> Iterator[Disk]:
    """Mount the disk in the file `image`, with `options` of mount(8), for as long as the block lasts.

    A journal is replayed, as after a power cut. Raises `BadInput` where this machine has no loop devices.
    """
    disk = Disk(engine, image, f"/run/media-verify-{image.stem}")
    disk.run("mkdir", "-p", disk.folder)
    mount = ["mount", "-o", ",".join(["loop", *options]), str(image), disk.folder]
    done = commands.run(engine.nsenter_command(*mount))
    if not done.ok:
        raise BadInput(f"a disk can't be mounted: {done.complaint}", "run where loop devices can be used")
    try:
        yield disk
    finally:
        # Lazy unmount: the loop device is freed when its last user closes it.
        disk.run("umount", "--lazy", disk.folder)


def with_media_on(disk: Disk, model: Model, service: str, media_root: str, labels: Mapping[str, str]) -> Model:
    """Return `model` with the volume at the media root of `service`, and all other uses of it, moved to `disk`.

    Media below a mount, or in a folder of a volume, move alone: the rest of that volume stays where it is.
    """
    moved = copy.deepcopy(model)
    mounts = [mount for each in moved["services"].values() for mount in each.get("volumes") or ()]
    own: list[Model] = list(moved["services"][service].get("volumes") or ())
    at_root = [mount for mount in own if posixpath.normpath(mount["target"]) == media_root]
    if not at_root or (at_root[0].get("volume") or {}).get("subpath"):
        others = [mount for mount in own if mount not in at_root]
        at_root = [{"type": "volume", "source": VOLUME, "target": media_root}]
        moved["services"][service]["volumes"] = [*others, *at_root]
    sources = {mount.get("source") for mount in at_root} - {None, VOLUME}
    for mount in mounts:
        if mount in at_root or (mount["type"] == "volume" and mount.get("source") in sources):
            mount.update(type="volume", source=VOLUME)
    options = {"type": "none", "o": "bind", "device": disk.folder}
    volume = {"name": VOLUME, "driver": "local", "driver_opts": options, "labels": dict(labels)}
    moved["volumes"] = {**(moved.get("volumes") or {}), VOLUME: volume}
    return moved


@contextmanager
def media_on(disk: Disk, stack: Stack) -> Iterator[None]:
    """Copy the media of `stack` to `disk` and use the disk as its volume while the block lasts."""
    content = commands.check(stack.media.helper_command("tar", "--create", "--numeric-owner", "."))
    disk.run("rmdir", f"{disk.folder}/lost+found")
    disk.run("tar", "--extract", "--preserve-permissions", "-C", disk.folder, stdin=content.stdout)
    stack.project.deploy(with_media_on(disk, stack.model, stack.service, stack.media_root, stack.run.labels))
    try:
        stack.health.wait_until_ready()
        yield
    finally:
        # An anonymous volume has no name to go back to: Compose would take along what is mounted there now, the disk.
        stack.project.deploy(stack.model, "--renew-anon-volumes")
        stack.project.docker("volume", "rm", VOLUME)
        stack.health.wait_until_ready()
