"""Pictures: the formats that are accepted, and whether a file is what its name says."""

from pathlib import PurePosixPath

# Each plugin by name: Pillow would otherwise load all of its plugins with the first WebP.
from PIL import GifImagePlugin, Image, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

from uploads.answers import Refusal

# Our own table, so that the types don't depend on what the system has installed.
FORMATS = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
}
# MPO is what Pillow calls a JPEG with further pictures behind it, as many phones make.
REAL_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
}
MAX_PIXELS = 50_000_000

# Pillow's own limit first only warns. `check_picture` has one that always refuses.
Image.MAX_IMAGE_PIXELS = None


def content_type(name):
    """Return the type to serve a file of this name with."""
    return FORMATS.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def check_picture(file, name):
    """Return the type of the picture in a file; refuse one that is no picture, or not of its name's type."""
    actual, pixels = _inspect(file)
    if pixels > MAX_PIXELS:
        raise Refusal(400, f"The picture is larger than {MAX_PIXELS} pixels.")
    if actual != content_type(name):
        raise Refusal(400, f"The file's name says {content_type(name)}, but its content is {actual}.")
    return actual


def _inspect(file):
    """Return type and number of pixels, as far as that is known without decoding the picture."""
    file.seek(0)
    try:
        picture = Image.open(file, formats=("JPEG", "PNG", "WEBP", "GIF"))
        actual, pixels = REAL_TYPES[picture.format], picture.width * picture.height
        picture.verify()
    except Exception as error:  # a decoder may raise anything when it reads a hostile file
        raise Refusal(400, "The file is not a picture that can be read.") from error
    return actual, pixels
