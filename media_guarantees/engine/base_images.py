"""The two images that every run needs: the guide's `ubuntu`, and the base that the service is built on.

Where a registry answers they are pulled, pinned by digest. Where none does, one Debian root file system, made from
the package archive, stands in for both, carries a label that says so, and is named in the evidence.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.engine.helper_container import label_arguments
from media_guarantees.system import commands, folder_lock
from media_guarantees.system.debian_packages import PackageArchive, library_environment
from media_guarantees.system.run_id import LABEL, Run

STAND_IN_LABEL = "media-verify.stand-in"
PULL_SECONDS = 300.0
# How often another run that ends may remove a stand-in between our look at it and our pinning it.
PIN_ATTEMPTS = 3

# bash, GNU tar, gzip, find and sha256sum come with the minimal variant; the service wants Python on top.
_INCLUDE = "ca-certificates,python3,python3-venv"
_EXCLUDED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")

Docker = Callable[..., commands.Outcome]


def root_file_system(cache: Path) -> Path:
    """Return the path of a tar archive with a minimal Debian or Ubuntu of this machine's release, made once.

    `mmdebstrap` takes the machine's own package sources (mmdebstrap(1), "MIRROR").
    """
    archive = cache / "images" / "root.tar"
    if not archive.is_file():
        archive.parent.mkdir(parents=True, exist_ok=True)
        with folder_lock.waited_for(archive.parent, f"building images in {archive.parent}"):
            if not archive.is_file():
                _build_root(archive, PackageArchive(cache / "packages").unpack("mmdebstrap", ("mmdebstrap",)))
    return archive


def _build_root(archive: Path, tools: Path) -> None:
    """Make `archive` with the mmdebstrap unpacked into `tools`."""
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".building-") as folder:
        fresh = Path(folder) / "root.tar"
        excluded = [f"--dpkgopt=path-exclude={pattern}" for pattern in _EXCLUDED]
        program = [str(tools / "usr/bin/mmdebstrap"), "--variant=minbase", f"--include={_INCLUDE}", *excluded]
        environment = library_environment(tools) | {"TMPDIR": folder}
        with journal.step("images: building a root file system from packages (20 to 60 s)"):
            built = commands.run([*program, _release(), str(fresh)], env=environment)
        if not built.ok:
            raise BadInput(
                f"no registry answers, and no stand-in image could be built: {built.complaint}",
                "check the network, the package sources, and that mmdebstrap can run here (perl, root)",
            )
        fresh.rename(archive)


def _release() -> str:
    """The code name of this machine's release, which its package sources are for."""
    name = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    if not name or not shutil.which("dpkg"):
        raise BadInput(
            "no registry answers, and a stand-in image can only be built on Debian or Ubuntu",
            "give the machine a way to a registry, or load the images `ubuntu` and `python:3.12-slim-bookworm`",
        )
    return name


@dataclass(frozen=True)
class ImageSpec:
    """An image by the name that others use for it, and the digest that it is pulled by.

    `stand_in` makes, or finds in a cache, the archive of a root file system that stands in for it.
    """

    name: str
    digest: str
    stand_in: Callable[[Path], Path] = root_file_system


UBUNTU = ImageSpec("ubuntu", "ubuntu@sha256:786a8b558f7be160c6c8c4a54f9a57274f3b4fb1491cf65146521ae77ff1dc54")
PYTHON_SLIM = ImageSpec(
    "python:3.12-slim-bookworm",
    "python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254",
)


@dataclass(frozen=True)
class Image:
    """An image on the engine. `stands_in` is true if it is a stand-in, not the real image."""

    reference: str
    stands_in: bool


def provide(wanted: ImageSpec, docker: Docker, cache: Path, holder: Run | None = None) -> Image:
    """Make `wanted` available to the engine behind `docker`, in this order: there already, pulled, stand-in.

    On a shared engine the run is the `holder` of a stand-in: no other run that ends takes it away.
    """
    for _ in range(PIN_ATTEMPTS):
        image = _provide(wanted, docker, cache)
        if holder is None or not image.stands_in or (held := _pin(image, docker, holder)).ok:
            return image
    raise commands.CommandFailed(held)


def _provide(wanted: ImageSpec, docker: Docker, cache: Path) -> Image:
    if (labels := _labels(docker, wanted.name)) is not None:
        return Image(wanted.name, STAND_IN_LABEL in labels)
    try:
        with journal.step(f"images: pulling {wanted.name}"):
            pulled = docker("pull", "--quiet", wanted.digest, timeout=PULL_SECONDS)
        reason = pulled.complaint.rpartition("\n")[2]
    except subprocess.TimeoutExpired:
        pulled, reason = None, f"no answer in {PULL_SECONDS:g} s"
    if pulled and pulled.ok:
        _check(docker("tag", wanted.digest, wanted.name))
        return Image(wanted.name, stands_in=False)
    journal.progress(f"images: no registry gave {wanted.name} ({reason}); using a stand-in")
    archive = wanted.stand_in(cache)
    labels_ = {STAND_IN_LABEL: wanted.name, LABEL: "image"}
    changes = [word for key, value in labels_.items() for word in ("--change", f"LABEL {key}={value}")]
    _check(docker("import", *changes, str(archive), wanted.name))
    return Image(wanted.name, stands_in=True)


def _labels(docker: Docker, name: str) -> dict[str, str] | None:
    inspected = docker("image", "inspect", "--format", "{{json .Config.Labels}}", name)
    if not inspected.ok:
        return None
    return dict(json.loads(inspected.text) or {})


def _check(outcome: commands.Outcome) -> None:
    if not outcome.ok:
        raise commands.CommandFailed(outcome)


def _pin(image: Image, docker: Docker, run: Run) -> commands.Outcome:
    """Create a container that is never started: without force, an engine removes no image that a container uses."""
    name = f"--name={_holder_name(image, run)}"
    return docker("create", "--pull=never", name, *label_arguments(run.labels), image.reference, "true")


def _holder_name(image: Image, run: Run) -> str:
    return run.name(f"holds-{image.reference.replace(':', '-')}")


def release(images: Iterable[Image], docker: Docker, run: Run) -> None:
    """Remove stand-ins from a shared engine, where its owner's next build might take them for the real images.

    A stand-in that another run has pinned stays; that run removes it.
    """
    for image in images:
        holder = _holder_name(image, run)
        held = docker("container", "inspect", "--format", "{{.Image}}", holder)
        if held.ok:
            docker("rm", holder)
            # Not by its name: that may be a newer stand-in's by now, or the real one's.
            if STAND_IN_LABEL in (_labels(docker, held.text) or {}):
                docker("image", "rm", held.text)
