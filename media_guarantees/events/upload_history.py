"""The history of uploads that clients record, and the checker that judges it afterwards.

The checker is separate from the run and sees only what was recorded, so it can be tested with histories written by
hand. Jepsen judges databases in the same way: https://jepsen.io.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, get_args

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.media.diff import NothingCompared
from media_guarantees.media.manifest import Manifest

Outcome = Literal["acknowledged", "refused", "unknown"]
Defect = Literal["lost", "torn", "swapped", "duplicated", "never read"]


@dataclass(frozen=True)
class UploadAttempt:
    """One upload as its client saw it. No two of a history send the same content.

    `begun` and `ended` are seconds on one clock. `outcome` is "unknown" where no answer came: the picture may be there,
    or not. `path`, relative to the media root, and `url` are where the platform says that it is; `reason` is why it
    wasn't acknowledged.
    """

    sha256: str
    begun: float
    ended: float
    outcome: Outcome
    path: str = ""
    url: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Finding:
    """A defect found in one upload.

    "lost": it isn't where the platform said. "torn": the content there was never sent. "swapped": the content there
    belongs to another upload. "duplicated": it is stored more than once. "never read": it was not checked.
    """

    defect: Defect
    attempt: UploadAttempt
    seen: str

    def __str__(self) -> str:
        return f"{self.defect}: {self.attempt.path or self.attempt.sha256[:12]}, {self.attempt.outcome}, {self.seen}"


def hashes_by_path(manifest: Manifest) -> dict[str, str]:
    """Return the SHA-256 of every file of a tree, by its path."""
    return {file.path.decode(errors="surrogateescape"): file.sha256 for file in manifest.files}


def check(
    history: Iterable[UploadAttempt], *, stored: Mapping[str, str], served: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Judge a history by what was found after the run; no findings mean that every acknowledged upload is whole.

    `stored` holds the SHA-256 of every file that is kept, by its path. `served` holds that of what came back for each
    path that was asked for, "" where nothing did; None where serving is not in question. Uploads that were refused, or
    whose outcome is unknown, may be there or not, but only once.

    Raises `NothingCompared` for a history without an acknowledged upload.
    """
    history = tuple(history)
    if not any(attempt.outcome == "acknowledged" for attempt in history):
        raise NothingCompared(f"not one of {len(history)} uploads was acknowledged: there is nothing to look for")
    sent = {attempt.sha256 for attempt in history}
    places = _places(stored)
    findings: list[Finding] = []
    for attempt in history:
        if len(found := places[attempt.sha256]) > 1:
            findings.append(Finding("duplicated", attempt, f"is stored {len(found)} times: {', '.join(found[:5])}"))
        if attempt.outcome == "acknowledged":
            findings += _look(attempt, "stored", stored.get(attempt.path, ""), sent)
            findings += _look(attempt, "served", served.get(attempt.path), sent) if served is not None else []
    return tuple(findings)


def _places(stored: Mapping[str, str]) -> Mapping[str, list[str]]:
    """Where each content is."""
    places = defaultdict(list)
    for path, sha256 in stored.items():
        places[sha256].append(path)
    return places


def _look(attempt: UploadAttempt, how: str, sha256: str | None, sent: AbstractSet[str]) -> list[Finding]:
    """Judge an acknowledged upload by what was found at its path: "" for nothing, None where it was not checked."""
    if sha256 == attempt.sha256:
        return []
    if sha256 is None:
        return [Finding("never read", attempt, f"was never asked for: it is unknown whether it is {how}")]
    if not sha256:
        return [Finding("lost", attempt, f"is not {how}")]
    if sha256 in sent:
        return [Finding("swapped", attempt, f"is {how} with the content of another upload")]
    return [Finding("torn", attempt, f"is {how} with content that nobody sent")]


def count(history: Iterable[UploadAttempt]) -> dict[Outcome, int]:
    """Count uploads by their outcome."""
    counted = Counter(attempt.outcome for attempt in history)
    outcomes: tuple[Outcome, ...] = ("acknowledged", "refused", "unknown")
    return {outcome: counted[outcome] for outcome in outcomes}


def count_defects(findings: Iterable[Finding]) -> dict[str, int]:
    """Count the uploads with each defect; one that has it both as stored and as served counts once."""
    counted = Counter(defect for defect, _ in {(finding.defect, finding.attempt) for finding in findings})
    return {defect: counted[defect] for defect in get_args(Defect)}


def expect_nothing_lost(findings: Sequence[Finding], history: Sequence[UploadAttempt], *, event: str) -> None:
    """Raise `PromiseBroken` with the number of uploads by defect, and the uploads, if there are any."""
    if not findings:
        return
    defects = ", ".join(f"{number} {defect}" for defect, number in count_defects(findings).items() if number)
    lines = [f"  {finding}" for finding in findings]
    first = f"after {event}, of {count(history)['acknowledged']} acknowledged uploads: {defects}"
    raise PromiseBroken(
        "\n".join([first, *lines[:5], *["  …"] * (len(lines) > 5)]),
        means="the service confirms uploads that are then lost",
        detail="\n".join([first, *lines]),
    )
