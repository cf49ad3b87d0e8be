"""What an archive is compared with: a volume as it is now, or a manifest that was written down before.

A volume is read through the `docker` client, on the engine that ``DOCKER_HOST`` or the current context names, by a
container that mounts it read-only and nothing else. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from media_guarantees.core.errors import BadInput
from media_guarantees.core.text import VOLUME_NAME
from media_guarantees.engine import helper_container
from media_guarantees.media.container_listing import LISTING, read_listing
from media_guarantees.media.manifest import Manifest
from media_guarantees.media.stable_scan import ChangedWhileReading, IncompleteListing
from media_guarantees.system import commands
from media_guarantees.system.run_id import this_run

ENGINE_SECONDS = 30.0
_MANIFEST = ".json"


def read_reference(name: str) -> Manifest:
    """Read the manifest file `name`, which ends in ``.json``, or else the volume of that name.

    Raises `BadInput` for what can't be read or compared with. A volume that isn't there is not made.
    """
    manifest = _read_file(Path(name)) if name.endswith(_MANIFEST) else _read_volume(name)
    if not manifest.files:
        raise BadInput(f"{name} holds no file to compare with", "name the volume that holds the media")
    return manifest


def _read_file(path: Path) -> Manifest:
    try:
        if not path.is_file():  # asked first: opening a pipe would wait for ever
            raise BadInput(f"there is no manifest {path}", "name a file that --save wrote, or a volume")
        return Manifest.from_json(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"the manifest {path} can't be read: {error}", "name a file that --save wrote") from error


def _read_volume(name: str) -> Manifest:
    if not VOLUME_NAME.fullmatch(name):
        raise BadInput(f"{name!r} is no volume's name", "give a volume, or a manifest whose name ends in .json")
    if not shutil.which("docker"):
        raise BadInput("there is no `docker` client to read a volume with", "compare with a manifest instead")
    _expect_volume(name)
    options = ("--network=none", "--workdir=/volume", f"--volume={name}:/volume:ro")
    beside = helper_container.command(this_run(shared=True).labels, *options)
    with tempfile.TemporaryFile() as listing:
        try:
            commands.check([*beside, *LISTING, "."], into=listing, timeout=None)  # as long as a large volume takes
            listing.seek(0)
            return read_listing(listing)
        except ChangedWhileReading as change:
            raise BadInput(
                f"{name} can't be compared with: {change}", "try again when there are no uploads"
            ) from change
        except commands.CommandFailed as failure:
            raise BadInput(f"{name} can't be read: {failure.outcome.complaint}", "docker run --rm ubuntu") from failure
        except IncompleteListing as failure:
            raise BadInput(f"{name} can't be read: {failure}", "docker run --rm ubuntu") from failure


def _expect_volume(name: str) -> None:
    """Raise `BadInput` without such a volume: naming it in a `docker run` would make it."""
    try:
        asked = commands.run(["docker", "volume", "inspect", name], timeout=ENGINE_SECONDS)
    except subprocess.TimeoutExpired:
        raise BadInput(f"no Docker engine answers: nothing came in {ENGINE_SECONDS:g} s", "docker version") from None
    if not asked.ok:
        where = os.environ.get("DOCKER_HOST", "the current context's engine")
        raise BadInput(f"{where} gives no volume {name}: {asked.complaint}", "docker volume ls")
