"""Where the programs of a private engine come from: the machine's PATH, or else the package archives."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from media_guarantees.core.errors import BadInput
from media_guarantees.core.files import atomic_link
from media_guarantees.engine.client_plugins import machines_plugins
from media_guarantees.system import commands
from media_guarantees.system.debian_packages import PackageArchive, library_environment

ENGINE_PACKAGES = ("docker.io", "containerd", "runc", "tini", "libdevmapper1.02.1")


@dataclass(frozen=True)
class EngineRelease:
    """An engine of a known version: the Debian release whose archive has it, its packages, and its settings.

    `runc`, which is linked against the release's own C library, is the machine's, whatever the version. `settings` are
    those of its configuration file: https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file
    """

    debian: str
    packages: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


_NEWEST = ("docker.io", "docker-cli", "docker-buildx", "containerd", "tini-static")
# By version, the oldest first. Two that differ after a dash are the same programs with other settings.
ENGINE_RELEASES = {
    "20.10": EngineRelease("bookworm", ("docker.io", "containerd", "tini")),
    "26.1": EngineRelease("trixie", ("docker.io", "docker-cli", "containerd", "tini")),
    "28.5": EngineRelease("forky", _NEWEST),
    "28.5-containerd": EngineRelease("forky", _NEWEST, {"features": {"containerd-snapshotter": True}}),
}

# Docker's programs are written in Go, and most of those that a run starts live for milliseconds, up to half of which
# went into looking for garbage. This leaves it until a heap has grown fivefold: https://pkg.go.dev/runtime#hdr-Environment_Variables
SHORT_LIVED = {"GOGC": "400"}


@dataclass(frozen=True)
class EngineTools:
    """An environment in whose PATH `dockerd`, `containerd`, `runc`, `docker` and `docker-init` are found.

    `version` is one of `ENGINE_RELEASES`, or empty for the engine that the machine itself has. `settings` are those of
    the engine's configuration file. `buildx` is the path of the client's plugin for builds; "" if there is none.
    """

    environment: dict[str, str]
    version: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    buildx: str = ""

    def which(self, program: str) -> str:
        """Return the path of one of the tools."""
        found = shutil.which(program, path=self.environment["PATH"])
        if found is None:
            raise BadInput(
                f"a private engine needs `{program}`, which is neither on PATH nor in the engine's packages",
                "install Docker completely, or take it off the PATH so that the package archive is used",
            )
        return found


def engine_tools(cache: Path, version: str = "") -> EngineTools:
    """Return the engine's programs: those on PATH if `dockerd` is there, else unpacked from the package archive.

    With a `version`, one of `ENGINE_RELEASES`, it is that one whatever the machine itself has. Raises `BadInput` where
    it can't be had or does not run.
    """
    if version:
        return _released_tools(cache, version)
    if shutil.which("dockerd"):
        return EngineTools(dict(os.environ), buildx=next(machines_plugins("docker-buildx"), ""))
    engine = library_environment(PackageArchive(cache / "packages").unpack("engine", ENGINE_PACKAGES))
    return EngineTools(_with_iptables(engine, cache))


def _with_iptables(environment: dict[str, str], cache: Path) -> dict[str, str]:
    """Return an environment in which `iptables` is found, unpacked from the package archive if the machine has none.

    With it `dockerd` sets up, in the network namespace of each container, the way to its own name server: without it
    services don't find each other by name. The host's firewall is left alone (`--iptables=false`).
    """
    if shutil.which("iptables", path=environment["PATH"]):
        return environment
    root = PackageArchive(cache / "packages").unpack("iptables", ("iptables",), complete=True)
    # A package's own scripts choose between two; they don't run where it is only unpacked.
    atomic_link(root / "usr/sbin/iptables", Path("xtables-nft-multi"))
    extensions = next(root.glob("usr/lib/*-linux-gnu*/xtables"))
    return library_environment(root, environment) | {"XTABLES_LIBDIR": str(extensions)}


def _released_tools(cache: Path, version: str) -> EngineTools:
    release = check_version(version)
    number = version.partition("-")[0]
    root = PackageArchive(cache / "packages", release.debian).unpack(f"engine-{number}", release.packages)
    buildx = root / "usr/libexec/docker/cli-plugins/docker-buildx"
    environment = library_environment(root, engine_tools(cache).environment)
    tools = EngineTools(environment, version, release.settings, str(buildx) if buildx.is_file() else "")
    tried = commands.run([tools.which("dockerd"), "--version"], env=environment)
    if not tried.ok or f"version {number}." not in tried.text:
        raise BadInput(f"Debian's engine {number} does not run here: {tried.complaint}", "run on Debian 12 or newer")
    return tools


def check_version(version: str) -> EngineRelease:
    """Return the release of that `version`. Raises `BadInput` if it isn't one of `ENGINE_RELEASES`."""
    if version not in ENGINE_RELEASES:
        raise BadInput(
            f"there is no private engine of version {version!r}",
            f"choose one of {', '.join(ENGINE_RELEASES)}, or leave the version out: ENGINE=private",
        )
    return ENGINE_RELEASES[version]
