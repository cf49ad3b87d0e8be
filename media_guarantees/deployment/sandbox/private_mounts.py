"""Private copies of the files and directories of this machine that a deployment mounts.

A directory or file is copied into the run's own folder and mounted from there. What is in the deployment's own folder
is copied to the same place in the operator's, so that a guide's commands on `./media` or `./backups` find what
containers write there. What can't be copied (too large, not readable) is an empty directory in the sandbox; what
leads out of it (a socket, a device, the system's own directories) is not mounted at all.
"""

from __future__ import annotations

import copy
import os
import posixpath
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from media_guarantees.core.text import readable_size
from media_guarantees.deployment.compose.compose_model import Model

COPY_BYTES = 1_000_000_000
COPY_ENTRIES = 100_000
# The engine's socket is below /run; a read-only mount of its directory would not keep anybody from using it.
_SYSTEM = tuple(map(Path, ("/proc", "/sys", "/dev", "/run", "/var/run", "/var/lib/docker", "/boot")))


@dataclass
class PrivateMounts:
    """Copies of what is mounted, below `folder`. `notes` are sentences about what differs from the original.

    What is in the folder `theirs`, which is the owner's, is copied to the same place below `operators`.
    """

    folder: Path
    theirs: Path | None = None
    operators: Path | None = None
    notes: list[str] = field(default_factory=list)
    _copies: dict[Path, Path] = field(default_factory=dict)

    def of(self, source: Path, hidden: frozenset[Path], *, bare: bool, whose: str) -> Path | None:
        """Return what to mount instead of `source`, or None for nothing.

        Paths in `hidden` are covered by other mounts and are not copied. A `bare` directory is made empty.
        """
        real = source.resolve()
        if leads_out(real):
            self.notes.append(f"{whose} does without {source}: it leads out of the sandbox")
            return None
        for original, private in self._copies.items():
            if real.is_relative_to(original):
                return private / real.relative_to(original)
        private = self._place(source, real)
        private.parent.mkdir(parents=True, exist_ok=True)
        self._copies[real] = private
        own = {self.folder, *filter(None, [self.operators])}
        reason = "" if bare else _too_much(real, hidden | own)
        if reason:
            self.notes.append(f"{whose} finds {source} empty: {reason}")
        _copy(real, private, hidden | own | ({real} if bare or reason else frozenset()))
        return private

    def _place(self, source: Path, real: Path) -> Path:
        if self.theirs and self.operators and self.theirs in source.parents:
            place = self.operators / source.relative_to(self.theirs)
            if not place.exists() and not source.name.endswith((".yml", ".yaml")):
                return place
        return self.folder / str(len(self._copies)) / (real.name or "root")


def privately_mounted(
    model: Model, media_root: str, folder: Path, *, theirs: Path | None = None, operators: Path | None = None
) -> tuple[Model, list[str]]:
    """Return `model` with everything that it mounts of this machine replaced, and what is different in words.

    `theirs` is the folder in which the owner runs Compose, `operators` that of the sandbox's operator.

    A directory at `media_root`, or one that a volume is bound to, is mounted empty: the media in there are the
    owner's own.
    """
    mounts = PrivateMounts(folder, theirs, operators)
    private = copy.deepcopy(model)
    for source, name, mount, hidden in sorted(_binds(private), key=lambda found: found[0]):
        bare = posixpath.normpath(mount["target"]) == posixpath.normpath(media_root)
        mount["source"] = str(mounts.of(source, hidden, bare=bare, whose=name) or "")
    for service in private["services"].values():
        service["volumes"] = [
            mount for mount in service.get("volumes") or () if mount["type"] != "bind" or mount["source"]
        ]
    for name, volume in (private.get("volumes") or {}).items():
        device = ((volume or {}).get("driver_opts") or {}).get("device", "")
        if device.startswith("/"):
            found = mounts.of(Path(device), frozenset(), bare=True, whose=f"volume {name}")
            if found is None:  # a plain volume
                del volume["driver_opts"]
            else:
                volume["driver_opts"]["device"] = str(found)
    for kind in ("secrets", "configs"):
        _copy_files(private, kind, mounts)
    return private, mounts.notes


def _copy_files(model: Model, kind: str, mounts: PrivateMounts) -> None:
    """Replace the files of secrets or configs, which Compose mounts into containers, or leave out what has none."""
    for name, item in list((model.get(kind) or {}).items()):
        if not item.get("file"):
            continue
        file = Path(item["file"])
        found = mounts.of(file, frozenset(), bare=False, whose=f"{kind[:-1]} {name}") if file.exists() else None
        if found is not None:
            item["file"] = str(found)
            continue
        if not file.exists():
            mounts.notes.append(f"{kind[:-1]} {name} left out: there is no {file}")
        del model[kind][name]
        for service in model["services"].values():
            for holder in (service, service.get("build") or {}):
                if kind in holder:
                    holder[kind] = [given for given in holder[kind] or () if given.get("source") != name]


def _binds(model: Model) -> Iterator[tuple[Path, str, Model, frozenset[Path]]]:
    """Every bind mount: what of the host it mounts, for which service, and which paths of it other mounts cover."""
    for name, service in model["services"].items():
        targets = [Path(posixpath.normpath(mount["target"])) for mount in service.get("volumes") or ()]
        for mount in service.get("volumes") or ():
            if mount["type"] == "bind":
                source, target = Path(mount["source"]), Path(posixpath.normpath(mount["target"]))
                below = (other.relative_to(target) for other in targets if target in other.parents)
                yield source, name, mount, frozenset(source.resolve() / path for path in below)


def leads_out(real: Path) -> bool:
    """Whether a path without symbolic links is one of the system's, or no file and no directory at all."""
    if real == Path("/") or any(real.is_relative_to(system) for system in _SYSTEM):
        return True
    return real.exists() and not (real.is_dir() or real.is_file())


def _too_much(source: Path, hidden: frozenset[Path]) -> str:
    """Why `source` is not copied; "" if it can be."""
    entries = size = 0
    try:
        for path in _walk(source, hidden):
            entries, size = entries + 1, size + path.lstat().st_size
            if entries > COPY_ENTRIES or size > COPY_BYTES:
                return f"it holds more than {readable_size(COPY_BYTES)} or {COPY_ENTRIES} files"
            if path.is_file() and not path.is_symlink() and not os.access(path, os.R_OK):
                return f"{path} can't be read"
    except OSError as error:
        return f"{error.filename} can't be read: {error.strerror}"
    return ""


def _walk(source: Path, hidden: frozenset[Path]) -> Iterator[Path]:
    if source.exists():
        yield source
    if source.is_dir() and not source.is_symlink() and source not in hidden:
        for entry in source.iterdir():
            yield from _walk(entry, hidden)


def _copy(source: Path, target: Path, hidden: frozenset[Path]) -> None:
    """Copy a tree as it is, owners and times and all; of what is `hidden` only the directory itself."""
    if not source.exists() and not source.is_symlink():  # Docker makes a directory where a bind's source is missing
        target.mkdir()
        return
    status = source.lstat()
    if stat.S_ISDIR(status.st_mode):
        target.mkdir()
        for entry in () if source in hidden else sorted(source.iterdir()):
            _copy(entry, target / entry.name, hidden)
    elif source in hidden:
        target.touch()
    elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
        shutil.copyfile(source, target, follow_symlinks=False)
    else:
        return  # a socket, a device or a pipe leads out of the sandbox
    if os.geteuid() == 0:
        os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
    shutil.copystat(source, target, follow_symlinks=False)
