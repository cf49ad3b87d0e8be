"""Each kind of picture has its own directory, and is served from it exactly as it was given."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import pytest

from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import Unproven
from media_guarantees.deployment.stack import Stack
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.guide.reader import Guide
from media_guarantees.media.manifest import Manifest
from media_guarantees.media.uploads.platform_protocol import Upload

KINDS = ("avatars", "event_banners", "profile_pictures")
each_kind = pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.guarantee(f"layout.{kind}")) for kind in KINDS]
)


class UploadedPictures(NamedTuple):
    """The pictures that the platform was given, in every format and with every sort of name."""

    uploads: tuple[Upload, ...]
    volume: Manifest

    def of(self, kind: str) -> tuple[Upload, ...]:
        """Return those of one kind."""
        return tuple(upload for upload in self.uploads if upload.sample.kind == kind)


@pytest.fixture(scope="module", name="uploaded")
def _uploaded(session_stack: Stack, seeded_media: SeededMedia) -> Deferred[UploadedPictures]:
    """Pictures of every kind, given once."""
    if not session_stack.platform.has_upload_api:
        pytest.skip("media were written through exec: the suite itself chose the directory")

    def give() -> UploadedPictures:
        session_stack.health.recover()
        return UploadedPictures(seeded_media.ensure_uploaded(session_stack), session_stack.media.manifest())

    return Deferred(give)


@pytest.fixture(autouse=True)
def _asked_for(session_stack: Stack, guide: Guide, kind: str) -> None:
    """A kind that the platform doesn't take, or that the guide doesn't speak of, has no directory to be in."""
    if kind not in session_stack.platform.kinds:
        raise Unproven(f"the description of the platform's uploads has no {kind}")
    if kind not in guide.source.read_text(encoding="utf-8-sig"):
        raise Unproven(f"the guide does not describe it: {guide.source.name} says nothing of {kind}")


@each_kind
def test_each_picture_lands_in_the_directory_of_its_kind(uploaded: Deferred[UploadedPictures], kind: str) -> None:
    entries, pictures = uploaded.get().volume.entries, uploaded.get().of(kind)

    elsewhere = [
        upload.path
        for upload in pictures
        if not upload.path.startswith(f"{kind}/")
        or not (entry := entries.get(upload.path.encode()))
        or entry.sha256 != upload.sample.sha256
    ]

    assert pictures, f"no picture of {kind} was given"
    assert not elsewhere, f"pictures given as {kind} that are not in {kind}/ with their own bytes: {elsewhere}"
    formats = sorted({upload.sample.content_type for upload in pictures})
    journal.add_evidence(f"{len(pictures)} pictures in {kind}/: {', '.join(formats)}")


@each_kind
def test_each_picture_is_served_the_same_from_that_directory(
    stack: Stack, uploaded: Deferred[UploadedPictures], kind: str
) -> None:
    pictures = uploaded.get().of(kind)
    if not any(upload.was_served for upload in pictures) and (others := other_servers(stack)):
        raise Unproven(
            f"{stack.service} serves none of the pictures itself; name the service that does: "
            f"MEDIA_SERVER={others[0]}:80"
        )

    place = f"{stack.uploads.api.media_url}{kind}/"
    strays = [upload.url for upload in pictures if not upload.url.startswith(place)]
    changed = [upload.url for upload in pictures if not (upload.served and upload.served.is_same_as(upload.sample))]

    assert pictures, f"no picture of {kind} was given"
    assert not strays, f"pictures given as {kind} that are served from elsewhere: {strays}"
    assert not changed, (
        f"pictures that are served with other bytes, or as another type, than they were given: {changed}"
    )
    journal.add_evidence(f"{len(pictures)} {kind} served with the bytes and the type that they were given")


def other_servers(stack: Stack) -> list[str]:
    """Return the other services that mount what the media are in, one of which may serve them."""
    own = stack.declared_mount()
    mounts = {name: stack.deployment.mounts(name) for name in stack.deployment.model["services"]}
    return [
        name
        for name, each in mounts.items()
        if own and name != stack.service and own.source in {mount.source for mount in each}
    ]


@each_kind
def test_two_pictures_of_one_name_are_both_kept(uploaded: Deferred[UploadedPictures], kind: str) -> None:
    pictures = uploaded.get().of(kind)
    names = Counter(upload.sample.name for upload in pictures)
    twins = [upload for upload in pictures if names[upload.sample.name] > 1]

    assert len({upload.sample.sha256 for upload in twins}) > 1, f"no two different {kind} of one name were given"
    assert len({upload.path for upload in twins}) == len(twins), (
        f"two {kind} of one name share a path, so that one replaced the other: {[upload.path for upload in twins]}"
    )
