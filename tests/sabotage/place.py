"""A copy of the deployment that a sabotage may spoil."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from media_guarantees.engine.toolchain import engine_tools, find_compose

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"


class Place:
    """A deployment's folder, with everything of the owner's in it: compose file, guide, script, service."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("docker-compose.test.yml", "migrate_media.sh"):
            shutil.copy2(ROOT / name, folder / name)
        for name in ("docs", "service"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "tests"))

    @property
    def compose_file(self) -> Path:
        """The compose file."""
        return self.folder / "docker-compose.test.yml"

    @property
    def guide(self) -> Path:
        """The storage guide."""
        return self.folder / "docs" / "armazenamento-de-midia.md"

    @property
    def script(self) -> Path:
        """The migration script."""
        return self.folder / "migrate_media.sh"

    def service(self, name: str) -> Path:
        """A file of the service."""
        return self.folder / "service" / name

    def remove_ports(self) -> Path:
        """Let the service publish and expose no port; return a compose file to be given after the deployment's own."""
        for dockerfile in self.folder.glob("service/Dockerfile*"):
            lines = dockerfile.read_text(encoding="utf-8").splitlines(keepends=True)
            dockerfile.write_text("".join(line for line in lines if not line.startswith("EXPOSE ")), encoding="utf-8")
        override = self.folder / "without-ports.yml"
        override.write_text("services: {web-project: {ports: !reset [], expose: !reset []}}\n", encoding="utf-8")
        return override

    def replace_program(self, name: str, script: str) -> None:
        """Put a shell script in the place of one of the engine's programs, or of Compose; ``$real`` is the real one."""
        real = find_compose(CACHE) if name == "docker-compose" else engine_tools(CACHE).which(name)
        program = self.folder / "programs" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\nreal='{real}'\n{script}", encoding="utf-8")
        program.chmod(0o755)

    def environment(self) -> dict[str, str]:
        """Return what a run of this deployment needs beside its options, to find the replaced programs first."""
        if not (programs := self.folder / "programs").is_dir():
            return {}
        tools = engine_tools(CACHE).environment
        return {**tools, "PATH": f"{programs}{os.pathsep}{tools['PATH']}"}


def edit(file: Path, old: str, new: str) -> None:
    """Replace the one place where `file` says `old`; an edit that finds no place, or two, would prove nothing."""
    text = file.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ValueError(f"{file.name} says {old!r} {text.count(old)} times, not once")
    file.write_text(text.replace(old, new), encoding="utf-8")


def append(file: Path, text: str) -> None:
    """Add `text` at the end of `file`."""
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
