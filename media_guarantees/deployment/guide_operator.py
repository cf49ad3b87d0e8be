"""The person who types a guide's commands on a deployment: confined to it where the engine is the run's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.engine.private_engine import PrivateEngine
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.guide.reader import Guide
from media_guarantees.guide.shell.confined_shell import EngineSide, confined_shells


@contextmanager
def operator_of(stack: Stack, guide: Guide, engine: Engine, folder: Path) -> Iterator[Operator]:
    """Give the operator in the folder of `stack`; the shell is confined to `folder` on a private engine."""
    names = {"project": str(stack.deployment.model["name"]), "volume": _media_volume(stack)}
    guide = guide.about(media_names(stack), names)
    if engine.private_engine is None:
        yield Operator(guide, stack.folder, stack.environment, rename=stack.run.name, media=_media_directory(stack))
        return
    with confined_shells(folder, engine_side(engine.private_engine), stack.environment) as shell_in:
        yield Operator(guide, stack.folder, stack.environment, shell_in=shell_in, media=_media_directory(stack))


def media_names(stack: Stack) -> set[str]:
    """Return the names by which a guide may call the media: of their volume, and of the service and its container."""
    model = stack.deployment.model
    service = model["services"].get(stack.service) or {}
    made = (f"{model['name']}{between}{stack.service}{between}1" for between in "-_")
    names = {stack.service, service.get("container_name") or stack.service, *made}
    return names | {_media_volume(stack)} - {""}


def _media_volume(stack: Stack) -> str:
    """The name of the volume that covers the media root in the owner's file, "" where it is none."""
    mount = stack.deployment.media_mount(stack.service, stack.media_root)
    return mount.source if mount and mount.kind == "volume" else ""


def _media_directory(stack: Stack) -> Path | None:
    """The directory of this machine that the sandbox mounts at the media root or above it; None where it is none."""
    sandboxed = replace(stack.deployment, model=stack.model)
    mount = sandboxed.media_mount(stack.service, stack.media_root)
    return Path(mount.source, mount.folder_of(stack.media_root)) if mount and mount.kind == "bind" else None


def engine_side(engine: PrivateEngine) -> EngineSide:
    """Return what the guide's shell needs to know of a private engine."""
    return EngineSide(
        process=engine.init_process,
        socket=engine.socket,
        volumes=engine.slot.data_root / "volumes",
        init=Path(engine.tools.which("docker-init")),
        scratch=engine.folder,
    )
