"""The driver options of a volume that reach nothing but memory, or a directory that is replaced by a private one."""

from __future__ import annotations

from media_guarantees.deployment.compose.compose_model import Model

_MEMORY = ("tmpfs", "ramfs")
_BIND = {"bind", "rbind"}
# mount(8), tmpfs(5): what changes how the volume behaves, and not where it is.
_FLAGS = {"ro", "rw", "noexec", "nosuid", "nodev", "noatime", "nodiratime", "relatime"}
_SIZES = {"size", "nr_blocks", "nr_inodes", "mode", "uid", "gid"}


def restricted_driver(volume: Model | None) -> Model:
    """Return the driver options to keep: of memory and of a directory of this machine; all else is a plain volume.

    A network share or a disk is the owner's own.
    """
    volume = volume or {}
    options = {key: str(value) for key, value in (volume.get("driver_opts") or {}).items()}
    words = {word for word in options.get("o", "").split(",") if word}
    if volume.get("driver") not in (None, "local") or options.keys() - {"type", "o", "device"}:
        return {}
    if words & _BIND:
        is_here = words <= _BIND | _FLAGS and options.get("device", "").startswith("/")
    else:
        is_here = options.get("type") in _MEMORY and {word.partition("=")[0] for word in words} <= _FLAGS | _SIZES
    return {"driver_opts": options} if is_here else {}
