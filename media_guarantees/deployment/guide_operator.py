"""The person who types a guide's commands on a deployment: confined to it where the engine is the run's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.connection import Engine
from media_guarantees.engine.private_engine import PrivateEngine
from media_guarantees.guide.confined_shell import EngineSide, confined_shells
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.guide.reader import Guide


@contextmanager
def operator_of(stack: Stack, guide: Guide, engine: Engine, folder: Path) -> Iterator[Operator]:
    """Give the operator in the folder of `stack`; the shell is confined to `folder` on a private engine."""
    if engine.power is None:
        yield Operator(guide, stack.folder, stack.environment, rename=stack.run.name)
        return
    with confined_shells(folder, engine_side(engine.power), stack.environment) as shell_in:
        yield Operator(guide, stack.folder, stack.environment, shell_in=shell_in)


def engine_side(power: PrivateEngine) -> EngineSide:
    """Return what the guide's shell needs to know of a private engine."""
    return EngineSide(
        process=power.init_process,
        socket=power.socket,
        volumes=power.slot.data_root / "volumes",
        init=Path(power.tools.which("docker-init")),
        scratch=power.folder,
    )
