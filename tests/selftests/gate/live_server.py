"""A live server whose engine is a stand-in, as tests see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from media_guarantees.gate.live_deployment import Live
from media_guarantees.system.run_id import Run

RUN = Run("0badcafe-1-1")


@dataclass(frozen=True)
class LiveServer:
    """A live service whose volumes are folders below `volumes`; `calls` returns what `docker` was given so far."""

    live: Live
    volumes: Path
    calls: Callable[[], list[str]]
