"""A loop device that is mounted with one content after another, and what is found on it.

A process for each mount would take ten times as long as the mount: mount(2) is called from here.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

from media_guarantees.events.crash_states.sparse_image import SparseImage, WorkingImage

File = list[object] | str | None
"""A file in a state: its size and SHA-256, or why it can't be read, or None where there is none."""
Look = list[File] | str
"""What was found of each file in a state, or why the disk can't be mounted."""

_NO_SUID, _NO_DEVICES, _NO_PROGRAMS, _NO_ACCESS_TIMES = 2, 4, 8, 1024  # mount(2), from sys/mount.h
_FLAGS = _NO_SUID | _NO_DEVICES | _NO_PROGRAMS | _NO_ACCESS_TIMES
_FORGET = 0x1261  # BLKFLSBUF, from linux/fs.h
_PART = 1 << 20
_READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Drive:
    """A loop device over a file that is given one content after another, and the folder where it is mounted."""

    def __init__(self, folder: Path, size: int, first: SparseImage) -> None:
        folder.mkdir()
        self.image = WorkingImage(folder / "image", size)
        self.folder = folder / "mount"
        self.folder.mkdir()
        self.image.set_to(first)
        # mount(8) takes a free loop device. It stays while it is open, and goes with this process (losetup(8)).
        subprocess.run(["mount", "-o", "loop", str(self.image.file), str(self.folder)], check=True)
        self.device = f"/dev/{_device_name(self.folder)}"
        self._descriptor = os.open(self.device, os.O_RDONLY | os.O_CLOEXEC)
        unmount(self.folder)

    def look(self, image: SparseImage, files: Sequence[str]) -> Look:
        """Mount the disk with that content, as when the power comes back, and return what is found of each file."""
        fcntl.ioctl(self._descriptor, _FORGET)
        self.image.set_to(image)
        try:
            mount(self.device, self.folder)
        except OSError as error:
            return str(error)
        try:
            return [found(self.folder, file) for file in files]
        finally:
            unmount(self.folder)

    def close(self) -> None:
        """Let go of the loop device, and remove the file."""
        os.close(self._descriptor)
        self.image.remove()


def mount(device: str, folder: Path) -> None:
    """Mount an ext4 file system; what its journal holds is replayed. Raises `OSError`."""
    words = (os.fsencode(word) for word in (device, folder, "ext4"))
    # What mkfs left to be filled in later (mke2fs(8), "lazy_itable_init") is left: the next state needs none of it.
    _expect_success(_libc().mount(*words, ctypes.c_ulong(_FLAGS), b"noinit_itable"), device)


def unmount(folder: Path) -> None:
    """Unmount what is mounted at `folder`. Raises `OSError`."""
    _expect_success(_libc().umount2(os.fsencode(folder), 0), str(folder))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _expect_success(status: int, what: str) -> None:
    if status:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def _device_name(folder: Path) -> str:
    """Return the name of the device that is mounted at `folder`."""
    device = folder.stat().st_dev
    return Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name


def found(folder: Path, file: str) -> File:
    """Return the size and the SHA-256 of a file below `folder`, None without one, or why it can't be read."""
    try:
        descriptor = os.open(f"{folder}/{file}", _READING)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last: no file can have such a name
        return None
    except OSError as error:
        return error.strerror or str(error)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return "it is no file"
        content = b"".join(iter(lambda: os.read(descriptor, _PART), b""))
    except OSError as error:
        return error.strerror or str(error)
    finally:
        os.close(descriptor)
    return [len(content), hashlib.sha256(content).hexdigest()]
