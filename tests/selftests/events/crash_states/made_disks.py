"""An engine for disks that are mounted where the tests run."""

from types import SimpleNamespace
from typing import cast

from media_guarantees.engine.private_engine import PrivateEngine


def engine() -> PrivateEngine:
    """Return an engine whose mounts are this machine's."""
    return cast("PrivateEngine", SimpleNamespace(nsenter_command=lambda *args: list(args)))
