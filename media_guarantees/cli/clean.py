"""Removing what runs have left behind: ``media-guarantees clean``. Standard library only."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence

from media_guarantees.core.errors import BadInput
from media_guarantees.core.paths import CACHE, ROOT
from media_guarantees.engine.engine_slot import Slot
from media_guarantees.engine.private_engine import sweep
from media_guarantees.engine.toolchain import engine_tools
from media_guarantees.system import commands, folder_lock
from media_guarantees.system.orphans import end_orphans
from media_guarantees.system.run_id import LABEL, sweep_engine


def main(arguments: Sequence[str]) -> int:
    """Remove what runs left on engines, then what they left in the checkout; return an exit status."""
    parser = argparse.ArgumentParser(
        prog="media-guarantees clean",
        description="Remove what runs left on engines and in the checkout. Refused while a run is in progress.",
    )
    parser.parse_args(arguments)
    try:
        refuse_while_running()
        end_orphans()
        sweep_private()
        sweep_shared()
    except BadInput as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    for name in (".cache", ".venv", "reports", ".mypy_cache", ".ruff_cache", ".hypothesis"):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in (ROOT / name for name in ("bench", "fixtures", "media_guarantees", "service", "tests", "tools")):
        for name in ("__pycache__", ".ruff_cache"):
            for compiled in folder.rglob(name):
                shutil.rmtree(compiled)
    return 0


def refuse_while_running() -> None:
    """Raise `BadInput` while another run uses what would be removed."""
    for folder in (CACHE / "runs").glob("*"):
        with folder_lock.taken(folder) as over:
            if not over:
                raise BadInput(
                    f"a run is in progress: {folder.name}", "wait until it is over, then run make clean again"
                )


def sweep_private() -> None:
    """Remove what engines of killed runs left in the machine's network."""
    if any(Slot(folder).recorded_folders() for folder in (CACHE / "engine").glob("[0-9]*")):
        sweep(CACHE, engine_tools(CACHE))


def sweep_shared() -> None:
    """Remove what runs that are over left on the engine that the environment names, and stand-in images."""
    environment = dict(os.environ)
    if not shutil.which("docker") or not commands.run(["docker", "version"], timeout=30).ok:
        return
    sweep_engine(environment)
    # By their numbers: two runs that began at once may have made two of one name. Those of a run in progress stay.
    labelled = ["docker", "image", "ls", "--no-trunc", "--format", "{{.ID}}", "--filter", f"label={LABEL}=image"]
    for stand_in in set(commands.check(labelled).text.split()):
        commands.run(["docker", "image", "rm", stand_in])
