"""Where the media have their home, beside what the guide promises of it: a volume, or a directory of the host."""

from __future__ import annotations

import os
from contextlib import suppress

from media_guarantees.core import journal
from media_guarantees.core.errors import Unproven
from media_guarantees.deployment.stack import Stack
from media_guarantees.guide.guide_runner import Operator, named_volumes
from media_guarantees.guide.steps import Step


def expect_home(stack: Stack, operator: Operator) -> str:
    """Return what keeps the media: the name of a volume, or the path of a directory of the host.

    Raises `PromiseBroken` for what is neither, as memory is, and for a directory where the guide's commands name a
    volume: they don't reach what is in it.
    """
    mount = stack.backing.mount()
    if mount.kind != "bind" or promised_volumes(stack, operator):
        return stack.backing.volume
    journal.add_evidence("the media are in a directory of the host, and the guide's commands name no volume")
    return mount.source


def promised_volumes(stack: Stack, operator: Operator) -> list[str]:
    """Return the volumes that the guide's backup and restore name for the media."""
    promised: list[str] = []
    for procedure in ("backup", "restore"):
        with suppress(Unproven):
            step = operator.step(procedure)
            promised += () if mounts_directory(stack, step) else named_volumes(step)
    return promised


def mounts_directory(stack: Stack, step: Step) -> bool:
    """Whether a step mounts the directory of the host that keeps the media: a volume beside it is for something else.

    It is known by its whole path, or by its path in the deployment's folder, however that is printed.
    """
    own = stack.declared_mount()
    if own is None or own.kind != "bind":
        return False
    path = os.path.relpath(own.source, stack.deployment.folder)
    sources = [source.rstrip("/") for source, _ in step.volumes]
    return any(source in {own.source, path} or source.endswith(f"/{path}") for source in sources)
