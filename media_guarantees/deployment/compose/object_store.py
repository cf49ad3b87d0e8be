"""Settings by which a service would keep media in an object store, as its container's environment shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAMES = re.compile(
    r"(^|_)(AWS|S3|MINIO|GCS|GOOGLE_APPLICATION_CREDENTIALS|AZURE_STORAGE|CLOUDINARY|B2|SPACES|R2|BUCKET)(_|$)"
)
# An image, or a file for several kinds of deployments, may name what this deployment has switched off.
_SWITCHED_OFF = {"", "0", "false", "f", "no", "n", "off", "none", "null", "disabled"}


def object_store_settings(environment: Iterable[str]) -> list[str]:
    """Return the names of such settings, among pairs such as ``AWS_REGION=eu``, that have a value and aren't off."""
    pairs = (pair.partition("=") for pair in environment)
    return [name for name, _, value in pairs if _NAMES.search(name.upper()) and not _is_off(value)]


def _is_off(value: str) -> bool:
    return value.strip().strip("\"'").lower() in _SWITCHED_OFF
