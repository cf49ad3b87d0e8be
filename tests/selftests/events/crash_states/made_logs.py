"""Logs of disks, as the kernel and QEMU write them."""

from media_guarantees.events.crash_states.write_log import FLUSH, HEADER, MAGIC, SUPERBLOCK, VERSION

SECTOR = 512


def superblock(entries: int, *, magic: int = MAGIC, version: int = VERSION, sector: int = SECTOR) -> bytes:
    """Return the first sector of a log."""
    return SUPERBLOCK.pack(magic, version, entries, sector).ljust(max(sector, 1), b"\0")


def header(first: int, count: int, flags: int, text: bytes = b"", *, sector: int = SECTOR) -> bytes:
    """Return the sector with which an entry begins."""
    return (HEADER.pack(first, count, flags, len(text)) + text).ljust(sector, b"\0")


def write(first: int, content: bytes, flags: int = 0, *, sector: int = SECTOR) -> bytes:
    """Return the entry of a write to the sector `first`; its content is filled up to whole sectors."""
    count = -(-len(content) // sector)
    return header(first, count, flags, sector=sector) + content.ljust(count * sector, b"\0")


def flush() -> bytes:
    """Return the entry of a flush."""
    return header(0, 0, FLUSH)


def log(*entries: bytes) -> bytes:
    """Return a whole log."""
    return superblock(len(entries)) + b"".join(entries)
