"""Writing files that other programs read at the same time: they see the old content or the new one, never a part.

The new content is written beside the file, under a name that can't be guessed and that did not exist before, so that
no symbolic link which another user left in the folder is followed. Then it takes the file's place.

The digest of a file's content is here too.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PRIVATE = 0o600
_PIECE = 1 << 20


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file's content, in hex."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def replacing(file: Path, *, mode: int = PRIVATE) -> Iterator[IO[bytes]]:
    """Yield a stream whose content takes the place of `file` when the block ends well, and is dropped otherwise.

    A link at that place is replaced, not followed. Raises `OSError` where the folder can't be written, or where
    something else than a file is in the way.
    """
    if file.exists() and not file.is_file():  # a device or a pipe would be lost for all users
        raise FileExistsError(f"{file} is no regular file")
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:100]}-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)
            yield stream
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def atomic_write(file: Path, content: str | bytes, *, mode: int = PRIVATE) -> None:
    """Let `file` hold `content`, text as UTF-8. Raises what `replacing` raises."""
    encoded = content.encode() if isinstance(content, str) else content
    with replacing(file, mode=mode) as stream:
        stream.write(encoded)


def atomic_link(name: Path, target: str | Path) -> None:
    """Let the symbolic link `name` point at `target`, whatever it pointed at before."""
    fresh = name.with_name(f".{name.name[:100]}-{secrets.token_hex(8)}")
    fresh.symlink_to(target)
    try:
        fresh.replace(name)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
