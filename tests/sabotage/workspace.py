"""A copy of a deployment that a sabotage may spoil."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from deployments import CACHE, OURS, Deployment

from media_guarantees.engine.compose_program import find_compose
from media_guarantees.engine.toolchain import engine_tools
from media_guarantees.guide.reader import read_guide
from media_guarantees.guide.steps import GuideError


class DoesNotApply(Exception):  # noqa: N818 - a fact of a deployment, not an error
    """A sabotage changes something that this deployment doesn't have; the text says what."""


class Workspace:
    """A deployment's folder, with everything of the owner's in it: compose file, guide, script, service."""

    def __init__(self, folder: Path, deployment: Deployment = OURS) -> None:
        self.folder = folder
        self.deployment = deployment
        self.compose_file = folder / deployment.compose_file
        self.guide = folder / deployment.guide
        self.volume = deployment.volume
        self.media_root = deployment.media_root
        deployment.lay_out(folder)

    def edit_script(self, **edits: Sequence[tuple[str, str]]) -> None:
        """Make the edits of the migration script that are given under this deployment's name: (old, new) each."""
        if not (script := self.folder / "migrate_media.sh").is_file():
            raise DoesNotApply("it has no migration")
        for old, new in edits[self.deployment.name]:
            edit(script, old, new)

    @property
    def mount(self) -> str:
        """The line of the compose file that mounts the volume of the media."""
        return f"      - {self.volume}:{self.media_root}\n"

    @property
    def name_line(self) -> str:
        """The line of the compose file that gives the volume of the media its literal name."""
        return f"    name: {self.volume}\n"

    def service(self, name: str) -> Path:
        """A file of our own service."""
        if self.deployment is not OURS:
            raise DoesNotApply("the code of our own service is changed")
        return self.folder / "service" / name

    def drop_mount(self) -> None:
        """Take the line away that mounts the volume of the media."""
        text = self.compose_file.read_text(encoding="utf-8")
        alone = f"    volumes:\n{self.mount}\n"
        line = alone if alone in text else self.mount
        edit(self.compose_file, line, "\n" if line is alone else "")

    def configure(self, line: str) -> None:
        """Add a line to what the compose file says of the service."""
        edit(self.compose_file, f"    volumes:\n{self.mount}", f"    {line}\n    volumes:\n{self.mount}")

    def set_variable(self, name: str, value: str) -> None:
        """Give the service an environment variable."""
        if "    environment:\n" in self.compose_file.read_text(encoding="utf-8"):
            edit(self.compose_file, "    environment:\n", f"    environment:\n      {name}: {value}\n")
        else:
            self.configure(f"environment: {{{name}: {value}}}")

    def add_service(self, name: str, settings: str) -> None:
        """Add a service that runs the same image; `settings` are the lines of it."""
        service = f"  {name}:\n    {self.deployment.image}\n    init: true\n{settings}"
        edit(self.compose_file, "\nvolumes:\n", f"\n{service}\nvolumes:\n")

    def command(self, procedure: str) -> str:
        """Return the guide's command for a procedure."""
        try:
            return read_guide(self.guide).step(procedure).script
        except GuideError:
            raise DoesNotApply(f"its guide has no command of its kind: {procedure}") from None

    def replace_command(self, procedure: str, command: str) -> None:
        """Let the guide print another command for a procedure, its lines indented like the first."""
        old = self.command(procedure)
        indent = re.search(rf"^( *){re.escape(old)}", self.guide.read_text(encoding="utf-8"), re.MULTILINE)
        edit(self.guide, old, command.replace("\n", f"\n{indent[1] if indent else ''}"))

    def edit_command(self, procedure: str, old: str, new: str) -> None:
        """Replace the one place where the guide's command for a procedure says `old`."""
        self.replace_command(procedure, replaced_once(self.command(procedure), old, new, self.guide.name))

    def mount_point(self, procedure: str) -> str:
        """Return where the guide's command for a procedure mounts the volume of the media."""
        found = re.search(rf"-v {self.volume}:([^:\s]+)", self.command(procedure))
        if found is None:
            raise ValueError(f"the {procedure} command mounts {self.volume} nowhere: {self.command(procedure)}")
        return found[1]

    def run_in_shell(self, procedure: str, before: str = "", quote: str = '"') -> None:
        """Have the guide's command for a procedure run its tar in a shell inside the container, after `before`."""
        command = self.command(procedure)
        found = re.fullmatch(r'(.* ubuntu )(?:bash -c ".* && )?(tar [^"]*)"?', command)
        if found is None:
            raise ValueError(f"the {procedure} command runs no tar in ubuntu: {command}")
        self.replace_command(procedure, f"{found[1]}bash -c {quote}{before}{found[2]}{quote}")

    def remove_ports(self) -> Path:
        """Let the service publish and expose no port; return a compose file to be given after the deployment's own."""
        for dockerfile in self.folder.rglob("Dockerfile*"):
            lines = dockerfile.read_text(encoding="utf-8").splitlines(keepends=True)
            dockerfile.unlink()  # it may be a link to one that is kept
            dockerfile.write_text("".join(line for line in lines if not line.startswith("EXPOSE ")), encoding="utf-8")
        override = self.folder / "without-ports.yml"
        service = f"{self.deployment.service}: {{ports: !reset [], expose: !reset []}}"
        override.write_text(f"services: {{{service}}}\n", encoding="utf-8")
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


def replaced_once(text: str, old: str, new: str, where: str) -> str:
    """Replace the one place where `text` says `old`; an edit that finds no place, or two, would prove nothing."""
    if text.count(old) != 1:
        raise ValueError(f"{where} says {old!r} {text.count(old)} times, not once")
    return text.replace(old, new)


def edit(file: Path, old: str, new: str) -> None:
    """Replace the one place where `file` says `old`."""
    file.write_text(replaced_once(file.read_text(encoding="utf-8"), old, new, file.name), encoding="utf-8")


def append(file: Path, text: str) -> None:
    """Add `text` at the end of `file`."""
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
