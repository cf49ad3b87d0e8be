"""A live server whose engine is a stand-in: volumes are folders, and containers run here."""

import os
import shlex
import sys
from pathlib import Path

import pytest
from fake_programs import Programs
from live_server import RUN, LiveServer

from media_guarantees.engine.connection import Engine
from media_guarantees.gate.live_deployment import Live


@pytest.fixture(name="live_server")
def _live_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LiveServer:
    """A live server with the volume `media_volume`, which is empty."""
    programs = Programs(tmp_path, monkeypatch)
    volumes = tmp_path / "volumes"
    (volumes / "media_volume").mkdir(parents=True)
    stand_in = Path(__file__).with_name("docker_in_folders.py")
    started = shlex.join([sys.executable, str(stand_in), str(volumes)])
    programs.add("docker", f'exec {started} "$@"')
    engine = Engine("live", {**os.environ, "PATH": programs.path}, (), "1", "")
    live = Live(engine, RUN, service="web-project", media_root="/media")
    return LiveServer(live, volumes, lambda: programs.calls("docker"))
