"""Small images that guides use beside `ubuntu`, and what stands in for them where no registry answers.

Alpine and BusyBox images are BusyBox and little else, so Debian's BusyBox stands in for them, with its own `tar` and
shell. The Debian root file system that stands in for `ubuntu` does so for other tags of Debian and Ubuntu.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterable
from pathlib import Path

from media_guarantees.core import journal
from media_guarantees.engine.base_images import UBUNTU, ImageSpec, root_file_system
from media_guarantees.system import commands, folder_lock
from media_guarantees.system.debian_packages import PackageArchive

_IMAGE = re.compile(
    r"(?<![\w./:@-])(?:docker\.io/(?:library/)?)?(alpine|busybox|debian|ubuntu)(:[\w][\w.-]*)?(?![\w/.@:-])"
)
_RUN = re.compile(r"docker(?:\s+container)?\s+(?:run|create)\b(?:\\\n|[^\n;|&])*")
_ACCOUNTS = {"etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\n"}


def images_in(text: str) -> list[ImageSpec]:
    """Return the images that the `docker run` commands in `text` name, of those that something can stand in for.

    `ubuntu` alone, which is always there, is left out.
    """
    return _specs(found.group() for command in _RUN.findall(text) for found in _IMAGE.finditer(command))


def images_among(names: Iterable[str]) -> list[ImageSpec]:
    """Return the images of those `names` that something can stand in for, without `ubuntu` alone."""
    return _specs(name for name in names if _IMAGE.fullmatch(name))


def _specs(names: Iterable[str]) -> list[ImageSpec]:
    return [_spec(name) for name in sorted({*names} - {UBUNTU.name})]


def _spec(name: str) -> ImageSpec:
    is_busybox = "alpine" in name or "busybox" in name
    return ImageSpec(name, name, busybox_root if is_busybox else root_file_system)


def busybox_root(cache: Path) -> Path:
    """Return the path of a tar archive with BusyBox under the names of all its programs, made once."""
    archive = cache / "images" / "busybox.tar"
    if not archive.is_file():
        archive.parent.mkdir(parents=True, exist_ok=True)
        with folder_lock.waited_for(archive.parent, f"building images in {archive.parent}"):
            if not archive.is_file():
                _build_busybox(archive, PackageArchive(cache / "packages").unpack("busybox", ("busybox-static",)))
    return archive


def _build_busybox(archive: Path, tools: Path) -> None:
    """Make `archive` with the BusyBox unpacked into `tools`."""
    program = tools / "bin/busybox"
    with journal.step("images: building a BusyBox root from packages"):
        names = commands.check([str(program), "--list-full"]).text.split()
        fresh = archive.with_suffix(".new")
        with tarfile.open(fresh, "w") as tar:
            _fill(tar, program.read_bytes(), names)
        fresh.replace(archive)


def _fill(tar: tarfile.TarFile, program: bytes, names: list[str]) -> None:
    for folder, mode in (("tmp", 0o1777), ("root", 0o700), ("etc", 0o755), ("bin", 0o755)):
        entry = tarfile.TarInfo(folder)
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        tar.addfile(entry)
    for path, content in {"bin/busybox": program, **{k: v.encode() for k, v in _ACCOUNTS.items()}}.items():
        entry = tarfile.TarInfo(path)
        entry.size, entry.mode = len(content), 0o755 if path.startswith("bin/") else 0o644
        tar.addfile(entry, io.BytesIO(content))
    for name in names:
        if name != "bin/busybox":
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, "/bin/busybox"
            tar.addfile(entry)
