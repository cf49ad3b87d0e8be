"""Plugins of the `docker` client: where the machine has them, and buildx as a private engine needs it."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from media_guarantees.core.files import atomic_write

# Where the client looks beside its configuration: https://docs.docker.com/engine/extend/cli_plugins/
PLUGIN_FOLDERS = tuple(
    Path(f"/usr/{folder}/docker/cli-plugins") for folder in ("local/lib", "local/libexec", "lib", "libexec")
)
# Compose from 2.37 on builds with `buildx bake` where there is a buildx, and has no option for what bake asks a person.
_BUILDX = """\
#!/bin/sh
[ "$1" != bake ] || {{ shift; set -- bake --allow=network.host "$@"; }}
exec {buildx} "$@"
"""


def machines_plugins(name: str) -> Iterator[str]:
    """Yield the paths of the machine's plugins called `name`, such as "docker-buildx", in the client's order."""
    configuration = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    for folder in (configuration / "cli-plugins", *PLUGIN_FOLDERS):
        if found := shutil.which(name, path=str(folder)):
            yield found


def allow_builds_on_the_host(plugin: Path, buildx: Path) -> None:
    """Write a `plugin` that runs `buildx`, and lets Compose's builds use the host's network.

    A private engine has no network that leads out, so its builds download packages on the host's. Without the plugin
    bake refuses that where there is no terminal.
    """
    plugin.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(plugin, _BUILDX.format(buildx=shlex.quote(str(buildx))), mode=0o755)
