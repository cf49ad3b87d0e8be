"""File names: which are accepted, and which other name a file gets if its own is taken."""

import secrets
import unicodedata
from pathlib import PurePosixPath

from uploads.answers import Refusal
from uploads.images import FORMATS

LONGEST = 255  # bytes; NAME_MAX of Linux file systems


def check_name(name):
    """Refuse a name that can't be kept exactly as it is, or that doesn't say which picture it names."""
    if "/" in name or "\\" in name:
        raise Refusal(400, "The file's name must not contain a slash or a backslash.")
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise Refusal(400, "The file's name must not contain control characters.")
    if name.startswith("."):
        raise Refusal(400, "The file's name must not begin with a dot.")
    if len(name.encode()) > LONGEST:
        raise Refusal(400, f"The file's name must not be longer than {LONGEST} bytes.")
    if extension(name) not in FORMATS:
        raise Refusal(400, f"The file's name must end with one of {', '.join(FORMATS)}.")


def extension(name):
    """Return a name's extension, dot included, in lower case: ".jpg"."""
    return PurePosixPath(name).suffix.lower()


def alternatives(name):
    """Yield the name itself, then "name (2).jpg" and so on, without end: another upload may take each of them."""
    yield name
    for number in range(2, 100):
        yield _with_mark(name, f" ({number})")
    while True:  # counting on would cost more and more
        yield _with_mark(name, f" ({secrets.token_hex(8)})")


def _with_mark(name, mark):
    """Insert a mark before the extension, and shorten the name before it if the whole would be too long."""
    ending = mark + PurePosixPath(name).suffix
    stem = name.encode()[: len(name.encode()) - len(PurePosixPath(name).suffix.encode())]
    return stem[: LONGEST - len(ending.encode())].decode(errors="ignore") + ending
