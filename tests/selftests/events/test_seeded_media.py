"""Every sample is uploaded, uploaded again after a loss, and a loss is reported by name."""

from dataclasses import replace

import pytest
from fake_stack import FakePlatform, FakeStack, manifest_of, sample

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.events.seeded_media import (
    SeededMedia,
    expect_new_upload_works,
    expect_served_as_before,
    is_served_as_before,
)
from media_guarantees.media.diff import NothingCompared
from media_guarantees.media.sample_pictures import KINDS, Sample
from media_guarantees.media.uploads.platform_protocol import Served, Upload

SAMPLES = tuple(sample(f"{number}.png") for number in range(7))


@pytest.fixture(name="seeded_media")
def _gallery() -> SeededMedia:
    return SeededMedia(SAMPLES, seed=1)


def always_serve(stack: FakeStack, served: Served) -> None:
    def fetch(url: str) -> Served:
        del url
        return served

    stack.platform.fetch = fetch  # type: ignore[method-assign]


def test_every_sample_is_uploaded(seeded_media: SeededMedia, stack: FakeStack) -> None:
    uploads = seeded_media.ensure_uploaded(stack.as_stack())

    assert [upload.sample for upload in uploads] == list(SAMPLES)


def test_an_upload_records_how_it_was_served_when_it_was_new(seeded_media: SeededMedia, stack: FakeStack) -> None:
    uploads = seeded_media.ensure_uploaded(stack.as_stack())

    assert [upload.served for upload in uploads] == [
        Served(200, picture.content, picture.content_type) for picture in SAMPLES
    ]


def test_what_the_platform_still_has_is_not_uploaded_again(seeded_media: SeededMedia, stack: FakeStack) -> None:
    before = seeded_media.ensure_uploaded(stack.as_stack())
    stack.platform.uploaded.clear()

    assert seeded_media.ensure_uploaded(stack.as_stack()) == before
    assert stack.platform.uploaded == []


def test_only_what_was_lost_or_changed_is_uploaded_again(seeded_media: SeededMedia, stack: FakeStack) -> None:
    seeded_media.ensure_uploaded(stack.as_stack())
    del stack.platform.pictures["/media/1.png"]
    stack.platform.pictures["/media/2.png"] = sample("2.png", b"other bytes")
    stack.platform.uploaded.clear()

    uploads = seeded_media.ensure_uploaded(stack.as_stack())

    assert stack.platform.uploaded == ["1.png", "2.png"]
    assert {upload.sample for upload in uploads} == set(SAMPLES)


def test_a_picture_that_is_served_as_it_was_is_the_same(seeded_media: SeededMedia, stack: FakeStack) -> None:
    upload, *_ = seeded_media.ensure_uploaded(stack.as_stack())

    assert is_served_as_before(stack.as_stack(), upload)


def test_a_platform_that_changes_what_it_is_given_may_do_so_if_it_serves_it_on(
    seeded_media: SeededMedia, stack: FakeStack
) -> None:
    shrunk = Served(200, b"smaller", "image/webp")
    always_serve(stack, shrunk)
    upload, *_ = seeded_media.ensure_uploaded(stack.as_stack())

    assert is_served_as_before(stack.as_stack(), upload), "what changes at the upload is for another guarantee to see"


def test_an_upload_that_was_never_asked_for_is_not_the_same(stack: FakeStack) -> None:
    upload = stack.platform.upload(SAMPLES[0])

    assert not is_served_as_before(stack.as_stack(), upload), "how it was served before is unknown"


def test_a_picture_that_was_missing_from_the_first_is_not_the_same_for_being_missing_still(
    seeded_media: SeededMedia, stack: FakeStack
) -> None:
    always_serve(stack, Served(404, b"", "text/html"))
    upload, *_ = seeded_media.ensure_uploaded(stack.as_stack())

    assert not is_served_as_before(stack.as_stack(), upload)


@pytest.mark.parametrize(
    "served", [None, sample("0.png", b"other bytes"), Sample("avatars", "0.png", b"0.png", "image/gif", "")]
)
def test_a_picture_that_is_gone_or_another_is_not_the_same(
    seeded_media: SeededMedia, stack: FakeStack, served: Sample | None
) -> None:
    upload, *_ = seeded_media.ensure_uploaded(stack.as_stack())
    stack.platform.pictures = {upload.url: served} if served else {}

    assert not is_served_as_before(stack.as_stack(), upload)


def test_a_platform_that_does_not_answer_serves_nothing_the_same(seeded_media: SeededMedia, stack: FakeStack) -> None:
    upload, *_ = seeded_media.ensure_uploaded(stack.as_stack())
    stack.platform.up = False

    assert not is_served_as_before(stack.as_stack(), upload)


def test_lost_pictures_are_named_with_the_event_and_the_next_command(
    seeded_media: SeededMedia, stack: FakeStack
) -> None:
    uploads = seeded_media.ensure_uploaded(stack.as_stack())
    del stack.platform.pictures["/media/3.png"]

    with pytest.raises(PromiseBroken) as broken:
        expect_served_as_before(stack.as_stack(), uploads, event="a restart")

    assert broken.value.seen == (
        "after a restart, 1 of 7 pictures are not served as they were: /media/3.png (note of 3.png)"
    )
    assert broken.value.next_step == "docker-compose logs web-project"


def test_when_many_are_lost_five_are_named_and_all_counted(seeded_media: SeededMedia, stack: FakeStack) -> None:
    uploads = seeded_media.ensure_uploaded(stack.as_stack())
    stack.platform.up = False

    with pytest.raises(PromiseBroken, match=r"7 of 7 pictures") as broken:
        expect_served_as_before(stack.as_stack(), uploads, event="a restart")

    assert broken.value.seen.count("/media/") == 5


def test_pictures_that_are_all_there_are_counted_as_evidence(
    seeded_media: SeededMedia, stack: FakeStack, caplog: pytest.LogCaptureFixture
) -> None:
    uploads = seeded_media.ensure_uploaded(stack.as_stack())

    with caplog.at_level("INFO", "verify.evidence"):
        expect_served_as_before(stack.as_stack(), iter(uploads), event="a restart")

    assert "7 pictures served the same after a restart" in caplog.messages


def test_asking_for_no_picture_at_all_is_no_proof(stack: FakeStack) -> None:
    with pytest.raises(NothingCompared, match="no picture to ask for after a restart"):
        expect_served_as_before(stack.as_stack(), [], event="a restart")


def test_a_new_upload_that_is_served_is_evidence(
    seeded_media: SeededMedia, stack: FakeStack, caplog: pytest.LogCaptureFixture
) -> None:
    seeded_media.ensure_uploaded(stack.as_stack())

    with caplog.at_level("INFO", "verify.evidence"):
        expect_new_upload_works(stack.as_stack(), seeded_media, event="a restart")

    assert "a new upload works after a restart" in caplog.messages
    assert len(set(stack.platform.uploaded)) == len(SAMPLES) + 1, "an old picture would be no new upload"


@pytest.mark.parametrize(("status", "content"), [(404, b"no such picture"), (500, b"x"), (200, b"")])
def test_a_new_upload_that_is_accepted_and_not_served_is_a_broken_promise(
    seeded_media: SeededMedia, stack: FakeStack, status: int, content: bytes
) -> None:
    always_serve(stack, Served(status, content, "image/png"))

    with pytest.raises(PromiseBroken, match=rf"after a restart, /media/.* was accepted, and then answered {status}"):
        expect_new_upload_works(stack.as_stack(), seeded_media, event="a restart")


def test_a_new_upload_that_is_refused_is_a_broken_promise_in_the_platforms_words(
    seeded_media: SeededMedia, stack: FakeStack
) -> None:
    def upload(_: Sample) -> None:
        raise PromiseBroken("was answered 507: no space left")

    stack.platform.upload = upload  # type: ignore[assignment, method-assign]

    with pytest.raises(PromiseBroken, match="507: no space left"):
        expect_new_upload_works(stack.as_stack(), seeded_media, event="a restart")


def test_a_fresh_picture_is_one_that_no_other_is(seeded_media: SeededMedia) -> None:
    fresh = [seeded_media.fresh() for _ in range(5)]

    assert len({picture.name for picture in fresh}) == 5
    assert {picture.kind for picture in fresh} <= set(KINDS)


def test_one_seed_draws_the_same_fresh_pictures_again() -> None:
    assert SeededMedia((), seed=1).fresh() == SeededMedia((), seed=1).fresh()


class UnservedStack(FakeStack):
    """A stack of a platform that keeps pictures in its volume, and answers 404 for each."""

    unserved = "web-project publishes no port"

    def __init__(self) -> None:
        super().__init__()
        always_serve(self, Served(404, b"", "text/html"))
        upload = self.platform.upload

        def keep(sample: Sample) -> Upload:
            kept = upload(sample)
            self.tree = manifest_of(
                **{name.removeprefix("/media/"): p.sha256 for name, p in self.platform.pictures.items()}
            )
            return kept

        self.platform.upload = keep  # type: ignore[method-assign]


def test_what_was_never_served_is_held_to_its_storage(
    seeded_media: SeededMedia, caplog: pytest.LogCaptureFixture
) -> None:
    stack = UnservedStack()
    uploads = seeded_media.ensure_uploaded(stack.as_stack())
    stack.platform.uploaded.clear()

    with caplog.at_level("INFO", "verify.evidence"):
        expect_served_as_before(stack.as_stack(), uploads, event="a restart")
        expect_new_upload_works(stack.as_stack(), seeded_media, event="a restart")

    assert "web-project never served these media: it answered 404 from the beginning" in caplog.messages[0]
    assert "MEDIA_SERVER=" in caplog.messages[0]
    assert caplog.messages[1] == "a new file is stored after a restart"
    assert seeded_media.ensure_uploaded(stack.as_stack()) == uploads, "what is stored is not uploaded again"


def test_the_reason_why_no_request_is_possible_is_given(
    seeded_media: SeededMedia, caplog: pytest.LogCaptureFixture
) -> None:
    stack = UnservedStack()
    stack.platform.serves = False
    uploads = seeded_media.ensure_uploaded(stack.as_stack())

    with caplog.at_level("INFO", "verify.evidence"):
        expect_served_as_before(stack.as_stack(), uploads, event="a restart")

    assert caplog.messages == ["web-project publishes no port: after a restart, only their storage is judged"]


def test_a_new_file_that_is_not_stored_breaks_the_promise_where_no_service_serves(seeded_media: SeededMedia) -> None:
    stack = UnservedStack()
    seeded_media.ensure_uploaded(stack.as_stack())
    stack.platform.upload = FakePlatform().upload  # type: ignore[method-assign]

    with pytest.raises(PromiseBroken, match="was accepted, and is not in the volume"):
        expect_new_upload_works(stack.as_stack(), seeded_media, event="a restart")


def test_a_picture_that_was_served_must_be_served_whatever_happened_to_others(
    seeded_media: SeededMedia, stack: FakeStack
) -> None:
    uploads = seeded_media.ensure_uploaded(stack.as_stack())
    unserved = [replace(upload, served=Served(404, b"", "")) for upload in uploads[1:]]
    stack.platform.pictures.clear()

    with pytest.raises(PromiseBroken, match="1 of 1 pictures are not served"):
        expect_served_as_before(stack.as_stack(), [uploads[0], *unserved], event="a restart")
