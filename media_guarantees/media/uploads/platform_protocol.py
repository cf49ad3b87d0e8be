"""What the suite knows of a platform: pictures are uploaded to it and requested from it, and what came of that."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import requests

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.media.sample_pictures import Kind, Sample

PROBE_SECONDS = 1.0


class LoginFailed(PromiseBroken):
    """The platform didn't let in who uploads, as the description of its uploads says: no picture was sent."""


@dataclass(frozen=True)
class Served:
    """What an HTTP GET brought."""

    status: int
    content: bytes
    content_type: str

    def is_same_as(self, sample: Sample) -> bool:
        """Whether the bytes and the content type are those of `sample`."""
        kind = self.content_type.partition(";")[0].strip()
        return self.status == 200 and self.content == sample.content and kind == sample.content_type


@dataclass(frozen=True)
class Upload:
    """A picture that the platform accepted: what was sent, and where the platform says that it is.

    `path` is relative to the media root, `url` relative to the platform's address. `served` is what came back when it
    was first requested, if it was.
    """

    sample: Sample
    path: str
    url: str
    sha256: str
    size: int
    served: Served | None = None

    @property
    def was_served(self) -> bool:
        """Whether it was served when first requested: only then can later requests be compared."""
        return self.served is not None and self.served.status == 200


class Platform(Protocol):
    """Something that pictures can be uploaded to and requested from.

    `has_upload_api` is whether the platform, not the suite, chooses where a picture is stored; `serves` whether it can
    be asked for pictures at all. `kinds` are the kinds of pictures that it takes; `description` says how they are
    uploaded.
    """

    has_upload_api: bool
    serves: bool
    description: str

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of pictures that it takes."""

    def upload(self, sample: Sample) -> Upload:
        """Give it a picture; raises `PromiseBroken` if it is not accepted."""

    def fetch(self, url: str) -> Served:
        """Ask for a picture."""

    def answers(self, *, within: float = PROBE_SECONDS) -> bool:
        """Whether it is ready for work, and says so within so many seconds."""

    def probe(self, *, within: float = PROBE_SECONDS) -> int:
        """Return the HTTP status with which it says how it is."""

    def at_address(self, address: str, session: requests.Session) -> Platform:
        """Return the same platform, reached at another address and in another way."""

    def keep_alive(self) -> AbstractContextManager[None]:
        """Make many requests in the block cheap."""
