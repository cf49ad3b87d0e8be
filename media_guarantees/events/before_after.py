"""Run an event against the stack, and record the stack before and after it.

The event runs once; tests then ask for one fact each. An error during the event is stored and raised in the test:
a service that never came back is a broken promise of the guarantee, not an error of the test's set-up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.stack import ServiceState, Stack
from media_guarantees.events.home.working_files import of_platform
from media_guarantees.events.planted_entries import are_planted, plant, with_owners_taken_over
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.media.diff import Difference, damaged, describe, diff, summarize
from media_guarantees.media.manifest import Entry, Manifest, printable
from media_guarantees.media.uploads.platform_protocol import Upload

Resolution = Literal["ns", "seconds", "ignore"]


@dataclass(frozen=True)
class Snapshot:
    """The stack at one moment."""

    identity: ServiceState
    manifest: Manifest


class BeforeEvent(NamedTuple):
    """The stack before an event, and the pictures that were uploaded to it."""

    uploads: tuple[Upload, ...]
    snapshot: Snapshot


@dataclass(frozen=True)
class EventResult:
    """The stack before and after `event`, e.g. "recreating web-project"; a property raises the error that occurred."""

    event: str
    stack: Stack
    _begun: Deferred[BeforeEvent]
    _ended: Deferred[Snapshot]

    @property
    def uploads(self) -> tuple[Upload, ...]:
        """The pictures that were uploaded before the event."""
        return self._begun.get().uploads

    @property
    def before(self) -> Snapshot:
        """The stack before the event."""
        return self._begun.get().snapshot

    @property
    def after(self) -> Snapshot:
        """The stack once it was ready again."""
        return self._ended.get()

    def expect_same_media(self, *, mtime: Resolution = "ns") -> None:
        """Compare the whole volume with what it was; raises `PromiseBroken` that names every difference.

        Files that the platform keeps for itself may change, and a service that starts may make some.
        """
        before = with_owners_taken_over(self.before.manifest, self.after.manifest)
        changes = diff(before, self.after.manifest, mtime=mtime)
        own = of_platform(changes, before, self.uploads, may_appear=True)
        _expect_none(_judged(changes, own, self.event), before, self.event)

    def expect_same_volume(self) -> None:
        """Raise `PromiseBroken` if the media root is backed by another volume, or by a recreated one."""
        before, after = self.before.identity, self.after.identity
        if (before.volume, before.volume_created) != (after.volume, after.volume_created):
            raise PromiseBroken(
                f"after {self.event}, the media root is backed by {after.volume} of {after.volume_created}; "
                f"before, by {before.volume} of {before.volume_created}",
                means="the platform writes to a new volume; what people uploaded before is no longer served",
                next_step="docker volume ls",
            )
        journal.add_evidence(f"volume {after.volume}, made {after.volume_created}, is the same after {self.event}")


def snapshot(stack: Stack) -> Snapshot:
    """Record the current state of the stack."""
    return Snapshot(stack.identity(), stack.media.manifest())


def seed_media(stack: Stack, seeded_media: SeededMedia) -> tuple[tuple[Upload, ...], Manifest]:
    """Upload the samples; return the uploads and the manifest of the volume.

    Also plants unusual file-system entries in the volume. Raises `PromiseBroken` if the pictures are not there: a
    comparison would prove nothing.
    """
    stack.health.recover()
    uploads = _upload(stack, seeded_media)
    manifest = stack.media.manifest()
    absent = [upload.path for upload in uploads if upload.path.encode() not in manifest.entries]
    if absent:
        raise PromiseBroken(
            f"{len(absent)} of {len(uploads)} accepted pictures are not in {stack.backing.name}: {absent[:5]}",
            means="they are kept, if at all, where no deploy, no backup and no restore knows of them",
        )
    if not are_planted(manifest):
        plant(stack)
        manifest = stack.media.manifest()
    return uploads, manifest


def _upload(stack: Stack, seeded_media: SeededMedia) -> tuple[Upload, ...]:
    try:
        return seeded_media.ensure_uploaded(stack)
    except PromiseBroken:
        if not seeded_media.uploads:
            raise
    # It took pictures before, and it is running: the last event left a volume that it can't write into.
    stack.health.recreate()
    return seeded_media.ensure_uploaded(stack)


def run_event(stack: Stack, seeded_media: SeededMedia, event: str, action: Callable[[Stack], object]) -> EventResult:
    """Upload the samples, run `action`, wait until the service is ready; return the stack before and after."""

    def begin() -> BeforeEvent:
        uploads, manifest = seed_media(stack, seeded_media)
        return BeforeEvent(uploads, Snapshot(stack.identity(), manifest))

    def end() -> Snapshot:
        begun.get()
        with journal.step(f"event: {event}"):
            action(stack)
            stack.health.wait_until_ready()
        return snapshot(stack)

    begun = Deferred(begin)
    return EventResult(event, stack, begun, Deferred(end))


def expect_same(
    before: Manifest,
    after: Manifest,
    *,
    event: str,
    mtime: Resolution = "ns",
    ignore: frozenset[str] = frozenset(),
    uploads: Collection[Upload] | None = None,
) -> None:
    """Raise `PromiseBroken` that describes how `after` differs from `before`; if not, add evidence.

    With `uploads`, both are of a platform that works: files that it keeps for itself may have changed.
    """
    changes = diff(before, after, mtime=mtime, ignore=ignore)
    own = of_platform(changes, before, uploads) if uploads is not None else ()
    _expect_none(_judged(changes, own, event), before, event)


def _judged(changes: Sequence[Difference], own: Collection[Difference], event: str) -> tuple[Difference, ...]:
    """Return the changes that are judged, and report those of the platform's own files."""
    if own:
        names = sorted({printable(change.path) for change in own})
        journal.add_evidence(
            f"after {event}, files that the platform keeps for itself are different, or the times of their "
            f"directories: {', '.join(names[:5])}"
        )
    return tuple(change for change in changes if change not in own)


def expect_restored(
    before: Manifest,
    after: Manifest,
    *,
    event: str,
    ignore: frozenset[str] = frozenset(),
    uploads: Collection[Upload] | None = None,
) -> None:
    """Raise `PromiseBroken` that describes how what was restored, or copied, differs from what was there `before`.

    Times are compared to the second. The times of directories and of symbolic links don't count, nor do the owners of
    these: BusyBox, whose tar and cp many guides call, does not keep them, and no picture depends on them. With
    `uploads`, files that a platform keeps for itself may have changed, before the copy was made or since it started.
    """
    changes = diff(before, after, mtime="seconds", ignore=ignore)
    own = of_platform(changes, before, uploads) if uploads is not None else ()
    changes = _judged(changes, own, event)
    without = [change for change in changes if _is_lost_by_busybox(before.entries.get(change.path), change.aspect)]
    if without:
        journal.add_evidence(
            f"after {event}, {len({change.path for change in without})} directories and symbolic links have the time "
            "or the owner that they were given then: no picture depends on that"
        )
    _expect_none(tuple(change for change in changes if change not in without), before, event)


def _is_lost_by_busybox(entry: Entry | None, aspect: str) -> bool:
    kind = entry.kind if entry else ""
    return (aspect == "mtime" and kind != "file") or (aspect in {"owner", "group"} and kind == "symlink")


def _expect_none(changes: tuple[Difference, ...], before: Manifest, event: str) -> None:
    if changes:
        raise PromiseBroken(
            describe(changes, event=event),
            next_step="look at every difference, in the folder differences/ of this run's report",
            detail=describe(changes, event=event, limit=None),
            damaged=damaged(changes),
        )
    journal.add_evidence(f"{summarize(before, changes)} after {event}")
