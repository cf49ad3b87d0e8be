"""Media that are lost: the volume that keeps them is destroyed, or the directory of the host emptied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from media_guarantees.deployment.stack import Stack
from media_guarantees.engine import helper_container
from media_guarantees.media.media_volume import is_directory
from media_guarantees.system import commands

# $1 is a directory in the working directory. Another one takes its place, with its owner and its mode: whoever sets up
# the deployment on a new disk makes it as it was.
_REPLACE = r"""
set -e
mv -T -- "./$1" "./$1.lost"
mkdir -- "./$1"
chown --reference="./$1.lost" -- "./$1"
chmod --reference="./$1.lost" -- "./$1"
rm -rf -- "./$1.lost"
"""


def lose_media(stack: Stack) -> str:
    """Take the deployment down and destroy what keeps its media; return what that was, by its name or its path.

    A volume that something else still uses stays there: the caller looks. Raises `ValueError` for a directory that is
    not the run's.
    """
    kept, media = stack.backing.name, stack.media
    directories = [Path(kept, media.folder)] if is_directory(kept) else _bound_to(stack, kept)
    stack.project.compose("down")
    if not is_directory(kept):
        commands.run(["docker", "volume", "rm", kept], env=stack.environment)
    for directory in directories:
        _replace(stack, directory)
    return kept


def _bound_to(stack: Stack, volume: str) -> list[Path]:
    """The directory of the host that a volume of the local driver is bound to: its content survives the volume."""
    options: dict[str, Any] = stack.project.client.volumes.get(volume).attrs.get("Options") or {}
    device = str(options.get("device", ""))
    return [Path(device)] if is_directory(device) and "bind" in str(options.get("o", "")).split(",") else []


def _replace(stack: Stack, directory: Path) -> None:
    own = stack.folder.parent
    if not directory.resolve().is_relative_to(own.resolve()):
        raise ValueError(f"{directory} is not one of the run's own, which are below {own}")
    beside = ["--network=none", f"--volume={directory.parent}:/beside", "--workdir=/beside"]
    helper = helper_container.command(stack.run.labels, *beside)
    commands.check([*helper, "bash", "-c", _REPLACE, "bash", directory.name], env=stack.environment)
