"""What a test that did not pass leaves behind: the containers' logs, every difference, and pictures of the media."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.stack import Stack
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.evidence import thumbnails
from media_guarantees.evidence.formats.bundle import write_file
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.judgement import TestRecord
from media_guarantees.media.uploads.platform_protocol import Platform, Served

LOG_SECONDS = 10.0  # for one answer of the engine
MOST_UNANSWERED = 6  # questions in a row: an engine that hangs must not hold up every test that fails


@dataclass
class FailureEvidence:
    """Gathers it into a record and into files in `folder`. `stack` and `seeded_media` are None until they exist."""

    folder: Path
    gaps: Gaps
    stack: Stack | None = None
    seeded_media: SeededMedia | None = None
    _unanswered: int = 0

    def gather(self, record: TestRecord, error: BaseException | None) -> None:
        """Gather what there is about a test that did not pass because of `error`, while it is there to be looked at."""
        name = re.sub(r"[^\w.\[\]-]+", "_", record.nodeid.rpartition("::")[2])[:120]
        self._gather_logs(record)
        self._keep(f"logs/{name}.log", record.log)
        if isinstance(error, PromiseBroken):
            self._gather_pictures(record, error)
            with self.gaps.noted(f"{record.nodeid}: the differences could not be read"):
                record.detail = journal.redact(error.detail)
            self._keep(f"differences/{name}.txt", record.detail)

    def _gather_logs(self, record: TestRecord) -> None:
        if self.stack is None:
            return
        what = f"{record.nodeid}: the logs of {self.stack.service} could not be read"
        if self._unanswered == MOST_UNANSWERED:
            self.gaps.add(f"{what}: the engine gave none of the last {MOST_UNANSWERED} it was asked for")
            return
        self._unanswered += 1
        with self.gaps.noted(what):
            record.log = journal.redact(self.stack.project.logs(timeout=LOG_SECONDS))
            self._unanswered = 0

    def _gather_pictures(self, record: TestRecord, error: PromiseBroken) -> None:
        """Draw the sample pictures that a broken promise is about, as they were uploaded and as they are served now."""
        if self.stack is None or self.seeded_media is None or not error.damaged:
            return
        with self.gaps.noted(f"{record.nodeid}: the pictures could not be drawn"), journal.muted():
            platform, answers = self.stack.platform, False
            with self.gaps.noted(f"{record.nodeid}: the platform could not be asked for its pictures"):
                answers = platform.serves and platform.answers()
            fetch = partial(self._fetch, platform) if answers else _fetch_nothing
            record.pictures = thumbnails.pairs(error.damaged, self.seeded_media.uploads, fetch)

    def _fetch(self, platform: Platform, url: str) -> Served | None:
        """Return a picture as it is served now; None where the platform doesn't give it."""
        with self.gaps.noted(f"{url} could not be asked for"):
            return platform.fetch(url)
        return None

    def _keep(self, name: str, text: str) -> None:
        if text:
            with self.gaps.noted(f"{name} could not be written"):
                write_file(self.folder / name, text)


def _fetch_nothing(url: str) -> None:
    """The answer of a platform that doesn't answer."""
    del url
