"""What can be wrong with an archive: a problem in words, damage that ends the reading, and what can't be judged."""

from __future__ import annotations

from dataclasses import dataclass

from media_guarantees.core.errors import Unproven
from media_guarantees.media.manifest import printable


@dataclass(frozen=True)
class Problem:
    """One problem of an archive: its kind in a word or two, the member's name as written (if it is one's), and why."""

    kind: str
    member: bytes | None
    message: str

    def __str__(self) -> str:
        where = "" if self.member is None else f"{printable(self.member)}: "
        return f"{self.kind}: {where}{self.message}"


class DamagedArchive(Exception):  # noqa: N818 - named for what it is
    """An archive can't be read to its end; `problem` says why."""

    def __init__(self, kind: str, message: str, member: bytes | None = None) -> None:
        self.problem = Problem(kind, member, message)
        super().__init__(str(self.problem))


class UnsupportedArchive(Unproven):
    """A backup of a kind that can't be judged here, which says nothing about whether it is sound.

    It is an `Unproven`, so that a test that meets it is skipped and its guarantee unproven. `reason` is what it is,
    `hint` what a person can do to have it judged.
    """

    def __init__(self, reason: str, hint: str = "restore it into an empty volume, and compare that") -> None:
        super().__init__(f"it can't be judged: {reason}\n  hint: {hint}")
        self.reason = reason
        self.hint = hint
