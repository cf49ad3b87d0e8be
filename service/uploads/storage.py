"""Files that exist completely or not at all, whatever happens while they are written.

A new file has no name while it is written (`O_TMPFILE`, see open(2)): if the process dies, the kernel
forgets it. Only when content is on disk does it get its name, and only when the name is on disk too
(fsync(2) of the directory) is it acknowledged.
"""

import hashlib
import os
from contextlib import contextmanager

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def make_directory(path):
    """Make a directory, readable by all. Its parent must be there: a missing media root is a fault."""
    path.mkdir(mode=0o755, exist_ok=True)
    _sync_directory(path.parent)


def _sync_directory(path):
    """Wait until the names in a directory are on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class NewFile:
    """A file that is being written, in its final directory. Use it with `with`."""

    def __init__(self, directory):
        # Even if it existed: another process may have just created it and not synced it yet.
        make_directory(directory)
        self.size = 0
        self._hash = hashlib.sha256()
        self._directory = os.open(directory, DIRECTORY)
        try:
            self.file = self._open_nameless()
        except OSError:
            os.close(self._directory)
            raise

    def _open_nameless(self):
        """Open a file without a name, mode 0644 whatever the umask."""
        descriptor = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o644, dir_fd=self._directory)
        os.fchmod(descriptor, 0o644)
        return os.fdopen(descriptor, "w+b", buffering=0)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        """Close the file; if it has no name, that removes it."""
        self.file.close()
        os.close(self._directory)

    @property
    def sha256(self):
        """The SHA-256 of what was written, in hexadecimal."""
        return self._hash.hexdigest()

    def write(self, content):
        """Append some bytes."""
        self._hash.update(content)
        self.size += len(content)
        rest = memoryview(content)
        while rest:  # an almost full disk takes only a part
            rest = rest[self.file.write(rest) :]

    @contextmanager
    def published(self, names):
        """Give the file the first of these names that is free, durably, and yield that name.

        Nothing that exists is ever replaced. If the `with` block fails, the file loses its name again.
        """
        os.fsync(self.file.fileno())
        name = self._link(names)
        try:
            os.fsync(self._directory)
            yield name
        except BaseException:
            self._unlink(name)
            raise

    def _link(self, names):
        """Link the file to the first free name; see linkat(2) for why /proc is in it."""
        for name in names:
            try:
                os.link(
                    f"/proc/self/fd/{self.file.fileno()}".encode(),
                    name.encode(),
                    dst_dir_fd=self._directory,
                    follow_symlinks=True,
                )
            except FileExistsError:
                continue
            return name
        raise FileExistsError("none of the names is free")

    def _unlink(self, name):
        """Remove the name, durably."""
        os.unlink(name.encode(), dir_fd=self._directory)
        os.fsync(self._directory)
