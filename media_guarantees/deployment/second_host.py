"""Another host: an engine with nothing on it, and the deployment laid out there as on the day of a move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from media_guarantees.core import journal
from media_guarantees.deployment.stack import Stack
from media_guarantees.deployment.startup import prepare_stack, provide_images, publish_exposed_ports
from media_guarantees.engine.base_images import PYTHON_SLIM, UBUNTU, provide
from media_guarantees.engine.connection import Engine, private
from media_guarantees.engine.toolchain import OTHER_ENGINES, engine_tools
from media_guarantees.system import commands
from media_guarantees.system.run_id import Run


def another_version(cache: Path, version: str) -> str:
    """Return a version of engine other than `version`, newest first, as `private` takes it.

    Raises `BadInput` where none can be had or none runs here.
    """
    other = next(known for known in sorted(OTHER_ENGINES, reverse=True) if not version.startswith(f"{known}."))
    return engine_tools(cache, other).version


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
    images = {service["image"] for service in host.model["services"].values() if "build" not in service}
    for image in sorted({*images, *home.project.engine.provided}):
        if commands.run(["docker", "image", "inspect", image], env=host.environment).ok:
            continue
        carried = host.folder / "image.tar"
        home.project.docker("save", "--output", str(carried), image)
        host.project.docker("load", "--input", str(carried))
        carried.unlink()
