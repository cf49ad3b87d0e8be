"""A stand-in for `docker`: volumes are folders, and containers run here, with their paths replaced by these folders.

It is started as a program: ``python3 docker_in_folders.py FOLDER ARGUMENTS…``.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path


def main(volumes: Path, arguments: list[str]) -> int:
    """Do what `docker` would do with volumes in a folder; return its exit status."""
    match arguments:
        case ["volume", "create", *_, name]:
            (volumes / name).mkdir()
        case ["volume", "inspect", name]:
            return 0 if (volumes / name).is_dir() else 1
        case ["volume", "rm", *_, name]:
            shutil.rmtree(volumes / name, ignore_errors=True)
        case ["info", *_]:
            sys.stdout.write("2026-11-25T13:00:00.123456789+01:00\n")
        case ["run", *rest]:
            run(volumes, rest)
        case _:
            pass
    return 0


def run(volumes: Path, arguments: list[str]) -> None:
    """Take the place of a container of `ubuntu`."""
    at = arguments.index("ubuntu")
    options, command = arguments[:at], arguments[at + 1 :]
    places = {target: source for option in options for source, target in mounts(option, volumes)}
    for source in places.values():
        if not source.is_dir():
            sys.exit(f"docker: invalid mount config: bind source path does not exist: {source}")
    inside = {target: str(source) for target, source in places.items()}
    workdir = next((option.partition("=")[2] for option in options if option.startswith("--workdir=")), "")
    top = next((target for target in inside if workdir == target or workdir.startswith(f"{target}/")), "")
    if top:
        os.chdir(inside[top] + workdir[len(top) :])
    pattern = re.compile("|".join(rf"(?<![\w./-]){re.escape(target)}(?=/|$|\s|\")" for target in inside) or "(?!)")
    words = [pattern.sub(lambda found: inside[found.group()], word) for word in command]
    os.execvp(words[0], words)  # noqa: S606 - an argument list, in a test


def mounts(option: str, volumes: Path) -> list[tuple[Path, str]]:
    """Return where an option's mount is here, and where the container sees it."""
    if bind := re.fullmatch(r'--mount=type=bind,"source=(.*)",target=(.*),readonly', option):
        return [(Path(bind[1].replace('""', '"')), bind[2])]
    if volume := re.fullmatch(r"(?:--volume=)?([\w.-]+):(/[\w/-]+)(?::[\w,]+)?", option):
        return [(volumes / volume[1], volume[2])]
    return []


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
