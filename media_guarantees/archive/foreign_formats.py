"""Recognising backups that can't be read here: other archives and compressions, encrypted files and repositories.

They are reported apart from damage, because they can't be judged.
"""

from __future__ import annotations

import re
from pathlib import Path

from media_guarantees.archive.problem import UnsupportedArchive

_DECRYPT = "decrypt it and check what comes out"
_UNPACK = "check a tar archive of the same files instead, or restore it and compare the volume"
_FILES = (
    (rb"PK\x03\x04", "a zip file", _UNPACK),
    (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip file", _UNPACK),
    (rb"Rar!\x1a\x07", "a RAR file", _UNPACK),
    (rb"07070[127]|\xc7\x71|\x71\xc7", "a cpio archive", _UNPACK),
    (rb"\x04\x22\x4d\x18|\x02\x21\x4c\x18", "compressed with lz4", "decompress it with lz4 -d and check the .tar"),
    (rb"\x1f[\x9d\xa0]", "compressed with compress", "decompress it with gzip -d and check the .tar"),
    (rb"\x5d\0\0", "compressed with lzma", "decompress it with xz -d and check the .tar"),
    (rb"LZIP", "compressed with lzip", "decompress it with lzip -d and check the .tar"),
    (rb"LRZI", "compressed with lrzip", "decompress it with lrzip -d and check the .tar"),
    (rb"\x89LZO\0", "compressed with lzop", "decompress it with lzop -d and check the .tar"),
    (rb"\xff\x06\0\0sNaPpY", "compressed with snappy", "decompress it and check the .tar"),
    (rb"Salted__", "encrypted with OpenSSL", _DECRYPT),
    (rb"age-encryption\.org/|-----BEGIN AGE ENCRYPTED FILE", "encrypted with age", _DECRYPT),
    # OpenPGP (RFC 4880, 4.2 and 5): a session key for a public key or a passphrase, as an old or a new packet.
    (rb"-----BEGIN PGP MESSAGE|\x8c.[\x04\x05]|[\x84\x85]..?\x03|[\xc1\xc3]..?[\x03-\x06]", "encrypted with OpenPGP",
     _DECRYPT),
)  # fmt: skip
_REPOSITORIES = {
    "restic": ({"config", "data", "index", "keys", "snapshots"}, "restic check --read-data"),
    "Borg": ({"config", "data", "README"}, "borg check --verify-data"),
    "Kopia": ({"kopia.repository.f"}, "kopia snapshot verify --verify-files-percent=100"),
    "Duplicacy": ({"config", "chunks", "snapshots"}, "duplicacy check -chunks"),
    "rdiff-backup": ({"rdiff-backup-data"}, "rdiff-backup verify"),
}
_RESTORE = "restore it into an empty volume, and compare that"


def require_supported(start: bytes) -> None:
    """Raise `UnsupportedArchive` for a file whose first bytes are those of a format that is known and not read."""
    for pattern, name, hint in _FILES:
        if re.match(pattern, start, re.DOTALL):
            raise UnsupportedArchive(f"it is {name}", hint)


def require_plain_folder(folder: Path) -> None:
    """Raise `UnsupportedArchive` for a folder that a backup program keeps its own files in."""
    names = {path.name for path in folder.iterdir()}
    for name, (own, command) in _REPOSITORIES.items():
        if own <= names:
            raise UnsupportedArchive(f"it is a repository of {name}", f"{command}; {_RESTORE}")
    if any(name.startswith("duplicity-") for name in names):
        raise UnsupportedArchive("it is a repository of duplicity", f"duplicity verify; {_RESTORE}")
