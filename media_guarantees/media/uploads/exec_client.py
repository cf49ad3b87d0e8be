"""Platforms without an API for uploads: media are written into the container, and requested as from any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.media.sample_pictures import Sample
from media_guarantees.media.uploads.platform_protocol import PROBE_SECONDS, Served, Upload
from media_guarantees.media.uploads.upload_client import HttpPlatform
from media_guarantees.system import commands


class ExecPlatform(HttpPlatform):
    """A platform without an API for uploads: media are written into its container, and served as ever."""

    has_upload_api = False
    description = "media are written by the service's own user through exec: the platform has no part in it"

    def __init__(
        self, address: Callable[[], str], token: str, write: Callable[[str, bytes], commands.Outcome], **options: Any
    ) -> None:
        super().__init__(address, token, **options)
        self._write = write
        self._taken: set[str] = set()

    def upload(self, sample: Sample) -> Upload:
        """Write a picture where the guide says that its kind belongs, under a name that is free."""
        stem, dot, suffix = sample.name.rpartition(".")
        names = (sample.name, *(f"{stem} ({number}){dot}{suffix}" for number in range(2, 100)))
        path = next(path for name in names if (path := f"{sample.kind}/{name}") not in self._taken)
        written = self._write(path, sample.content)
        if not written.ok:
            raise PromiseBroken(f"the service's user can't write {path}: {written.complaint}")
        self._taken.add(path)
        return Upload(sample, path, f"{self._api.media_url}{quote(path)}", sample.sha256, len(sample.content))


class UnpublishedPlatform(ExecPlatform):
    """A platform that can't be asked for anything: media are written into its container.

    `unserved` says why its media can't be asked for; it is empty where another server serves them.
    """

    def __init__(
        self,
        address: Callable[[], str],
        token: str,
        write: Callable[[str, bytes], commands.Outcome],
        is_well: Callable[[], bool],
        *,
        unserved: str,
        **options: Any,
    ) -> None:
        super().__init__(address, token, write, **options)
        self.serves = not unserved
        self._unserved = unserved
        self._is_well = is_well

    def fetch(self, url: str) -> Served:
        """Ask for a picture. Raises `Unproven` if no server can be asked."""
        if self._unserved:
            raise Unproven(f"{self._unserved}: {url} can't be asked for")
        return super().fetch(url)

    def answers(self, *, within: float = PROBE_SECONDS) -> bool:  # noqa: ARG002 - asking the engine takes no time
        """Whether its container runs, and is healthy if it has a health check."""
        return self._is_well()
