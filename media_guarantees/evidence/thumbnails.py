"""Thumbnails of damaged media: as they were uploaded, and as they are served now.

What is served may be anything. It is decoded within bounds and encoded again; none of its bytes is passed on.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from media_guarantees.media.uploads.platform_protocol import Served, Upload

EDGE = 112
LIMIT = 6
_PIXELS = 4_000_000  # more than any sample has; a small file can claim to be a picture of any size
# Those that are served. Pillow knows others too, and starts programs for some: Ghostscript for EPS.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


@dataclass(frozen=True)
class Pair:
    """A picture before and after its `damage`: "missing", "changed". Both are data URIs, "" without a picture."""

    path: str
    damage: str
    before: str
    after: str


def pairs(
    damaged: Mapping[str, str], uploads: Iterable[Upload], fetch: Callable[[str], Served | None]
) -> tuple[Pair, ...]:
    """Return the first few of `uploads` whose path is among `damaged`, each with its damage.

    `fetch` returns a picture as the platform serves it now, or None where it doesn't.
    """
    concerned = [upload for upload in uploads if upload.path in damaged][:LIMIT]
    return tuple(_pair(upload, damaged[upload.path], fetch) for upload in concerned)


def _pair(upload: Upload, damage: str, fetch: Callable[[str], Served | None]) -> Pair:
    before = upload.sample.content
    served = None if damage == "missing" else fetch(upload.url)
    after = served.content if served is not None and served.status == 200 else b""
    return Pair(upload.path, damage, data_uri(before), data_uri(after) if after != before else "")


def data_uri(content: bytes) -> str:
    """Return a thumbnail of a picture as a data URI; "" if it can't be decoded or has too many pixels to try."""
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > _PIXELS:
                return ""
            small = picture.convert("RGBA")
            small.thumbnail((EDGE, EDGE))
            drawn = BytesIO()
            small.save(drawn, "WEBP", quality=80)
    except Exception:  # noqa: BLE001 - decoders fail on damaged files in every way there is
        return ""
    return "data:image/webp;base64," + base64.b64encode(drawn.getvalue()).decode("ascii")
