"""Another host: an engine with nothing on it, and the deployment laid out there as on the day of a move."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from docker.models.containers import Container

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.deployment.compose.compose_model import Model
from media_guarantees.deployment.stack import Stack
from media_guarantees.deployment.startup import prepare_stack, provide_images, publish_exposed_ports
from media_guarantees.engine import helper_container
from media_guarantees.engine.base_images import PYTHON_SLIM, UBUNTU, provide
from media_guarantees.engine.connection import Engine, private
from media_guarantees.engine.toolchain import ENGINE_RELEASES, engine_tools
from media_guarantees.system import commands
from media_guarantees.system.run_id import Run

_PLACE = "/carried"


def another_version(cache: Path, version: str) -> str:
    """Return the version of engine furthest from `version` that runs here, as `private` takes it.

    That is the newest, or the oldest for a `version` that is the newest. Raises `BadInput` where none can be had.
    """
    versions = [known for known, release in ENGINE_RELEASES.items() if not release.settings]
    furthest = versions if version.startswith(f"{versions[-1]}.") else versions[::-1]
    others = [known for known in furthest if not version.startswith(f"{known}.")]
    for other in others[:-1]:
        with suppress(BadInput):
            return engine_tools(cache, other).version
    return engine_tools(cache, others[-1]).version


@contextmanager
def another_host(home: Stack, folder: Path, cache: Path, version: str) -> Iterator[tuple[Stack, Engine]]:
    """Lay out the deployment of `home` below `folder`, for a private engine of its own; nothing is up there yet.

    What the engine has is gone with the block. Raises `BadInput` where a private engine can't be had, or the
    deployment's images can't on that one.
    """
    with private(cache, version) as engine:
        for wanted in (UBUNTU, PYTHON_SLIM):
            provide(wanted, engine.docker, cache)
        host = prepare_stack(
            home.deployment,
            run=Run(home.run.identifier),  # everything has its real name there
            engine=engine,
            folder=folder,
            uploads=home.uploads,
        )
        _carry_images(home, host)
        journal.progress("images: building the deployment on another host")
        provide_images(host)
        publish_exposed_ports(host)
        host.answer_like(home)
        yield host, engine


def _carry_images(home: Stack, host: Stack) -> None:
    """Give `host` the images that the deployment and the guide take ready-made; a registry may be out of reach."""
    services = [service for service in host.model["services"].values() if not service.get("profiles")]
    images = {service["image"] for service in services if "build" not in service}
    for image in sorted({*images, *home.project.engine.provided}):
        if commands.run(["docker", "image", "inspect", image], env=host.environment).ok:
            continue
        carried = host.folder / "image.tar"
        home.project.docker("save", "--output", str(carried), image)
        host.project.docker("load", "--input", str(carried))
        carried.unlink()


def carry_other_data(here: Stack, there: Stack, media: str) -> tuple[str, ...]:
    """Bring what the deployment keeps beside its media: volumes, such as a database's, and directories of the host.

    `media` is the volume or the directory of the media on this side, which the guide's own commands bring. Nothing may
    run on either side. The volumes are gone `here` afterwards. Returns what was brought, by the names in the compose
    file.
    """
    there.project.compose("create")  # so that volumes have their options, and Compose's labels
    there.project.compose("down")
    used = _used_volumes(here.model)
    volumes = [key for key in used if _real_name(here, key) != media]
    for key in {*used} - {*volumes}:
        there.project.docker("volume", "rm", _real_name(there, key))
    for key in volumes:
        _carry_volume(here, _real_name(here, key), there, _real_name(there, key))
        here.project.docker("volume", "rm", _real_name(here, key))
    return (*volumes, *_carry_directories(here.model, there.model, media))


def _used_volumes(model: Model) -> list[str]:
    mounts = (mount for service in model["services"].values() for mount in service.get("volumes") or ())
    used = {mount.get("source") for mount in mounts if mount["type"] == "volume"}
    return [key for key in model.get("volumes") or () if key in used]


def _real_name(stack: Stack, key: str) -> str:
    return str(stack.model["volumes"][key]["name"])


def _carry_volume(here: Stack, source: str, there: Stack, target: str) -> None:
    """Replace what is in the volume `target` of one engine by what is in `source` of another."""
    emptied = helper_container.command(there.run.labels, "--network=none", f"--volume={target}:{_PLACE}")
    commands.check([*emptied, "find", _PLACE, "-mindepth", "1", "-delete"], env=there.environment)
    with _holding(here, source) as giver, _holding(there, target) as taker:
        content, _ = giver.get_archive(f"{_PLACE}/.")
        taker.put_archive(_PLACE, content)


@contextmanager
def _holding(stack: Stack, volume: str) -> Iterator[Container]:
    """Give a container that mounts a volume and never runs."""
    mounts = {volume: {"bind": _PLACE, "mode": "rw"}}
    container = stack.project.client.containers.create(
        helper_container.IMAGE, ["true"], volumes=mounts, labels=dict(stack.run.labels), network_mode="none"
    )
    try:
        yield container
    finally:
        container.remove(force=True)


def _carry_directories(here: Model, there: Model, media: str) -> list[str]:
    """Copy the directories and files of the host that services write to; both sides have private ones."""
    pairs = {
        (str(mount["source"]), str(other["source"])): f"{name}:{mount['target']}"
        for name, service in here["services"].items()
        for mount, other in zip(service.get("volumes") or (), there["services"][name].get("volumes") or (), strict=True)
        if mount["type"] == "bind" and not mount.get("read_only") and mount["source"] != media
    }
    for source, target in pairs:
        if Path(source).is_dir():
            shutil.rmtree(target, ignore_errors=True)
        commands.check(["cp", "--archive", "--no-target-directory", source, target], env=os.environ)
    return list(pairs.values())
