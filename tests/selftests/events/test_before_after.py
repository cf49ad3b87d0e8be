"""An event runs once; each test gets the snapshots before and after it, or the error that ended it."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import pytest
from fake_stack import IDENTITY, FakeStack, manifest_of, sample

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.events.before_after import (
    EventResult,
    Snapshot,
    expect_restored,
    expect_same,
    run_event,
    seed_media,
    snapshot,
)
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.media.diff import NothingCompared
from media_guarantees.media.manifest import Manifest
from media_guarantees.media.sample_pictures import Sample
from media_guarantees.media.uploads.platform_protocol import Upload

EVENT = "recreating web-project"
BEFORE = manifest_of(**{"a.jpg": "00", "b.jpg": "01"})


@pytest.fixture(name="stack")
def _stack(stack: FakeStack) -> FakeStack:
    stack.tree = BEFORE
    return stack


def after(stack: FakeStack, happen: Callable[[], object]) -> EventResult:
    return run_event(stack.as_stack(), SeededMedia((), seed=1), EVENT, lambda _: happen())


def test_a_snapshot_is_who_the_stack_is_and_what_it_holds(stack: FakeStack) -> None:
    assert snapshot(stack.as_stack()) == Snapshot(IDENTITY, BEFORE)


def test_the_event_happens_once_between_two_snapshots(stack: FakeStack) -> None:
    changed, lives = manifest_of(a="02"), iter(["c2", "c3"])

    def happen() -> None:
        stack.tree, stack.who = changed, replace(IDENTITY, container=next(lives))

    event_result = after(stack, happen)

    assert event_result.before == Snapshot(IDENTITY, BEFORE)
    assert event_result.after is event_result.after, "asking must not make it happen again"
    assert event_result.after == Snapshot(replace(IDENTITY, container="c2"), changed)


def test_the_stack_is_looked_at_only_once_it_answers_again(stack: FakeStack) -> None:
    recovered = manifest_of(a="03")
    stack.waits.append(lambda: setattr(stack, "tree", recovered))

    assert after(stack, lambda: None).after.manifest == recovered


@pytest.mark.parametrize("error", [PromiseBroken("down failed"), OSError("no such engine")])
def test_what_goes_wrong_during_the_event_is_raised_for_each_who_asks_and_not_before(
    stack: FakeStack, error: Exception
) -> None:
    def happen() -> None:
        raise error

    event_result = after(stack, happen)

    for ask in (lambda: event_result.after, event_result.expect_same_media, event_result.expect_same_volume):
        with pytest.raises(type(error), match=str(error)):
            ask()


def test_a_service_that_never_came_back_is_raised_for_who_asks(stack: FakeStack) -> None:
    def wait() -> None:
        raise PromiseBroken("timed out after 60 s waiting until web-project answers")

    stack.waits.append(wait)

    with pytest.raises(PromiseBroken, match="timed out"):
        after(stack, lambda: None).expect_same_media()


def test_the_event_happens_at_once(stack: FakeStack) -> None:
    happened: list[str] = []

    after(stack, lambda: happened.append(EVENT))

    assert happened == [EVENT]


def keeping(stack: FakeStack) -> SeededMedia:
    """Return two seeded pictures; the stack keeps each in its volume when it is uploaded."""
    upload = stack.platform.upload

    def keep(sample: Sample) -> Upload:
        stack.tree = Manifest({**stack.tree.entries, **manifest_of(**{sample.name: sample.sha256}).entries})
        return upload(sample)

    stack.platform.upload = keep  # type: ignore[method-assign]
    return SeededMedia([sample("1.png"), sample("2.png")], seed=1)


def test_seeded_pictures_are_in_the_volume(stack: FakeStack) -> None:
    uploads, manifest = seed_media(stack.as_stack(), keeping(stack))

    assert [upload.path for upload in uploads] == ["1.png", "2.png"]
    assert set(manifest.entries) == {b"a.jpg", b"b.jpg", b"1.png", b"2.png"}


def test_a_stack_is_repaired_before_pictures_are_uploaded(stack: FakeStack) -> None:
    uploaded_by_then: list[list[str]] = []
    stack.mends.append(lambda: uploaded_by_then.append([*stack.platform.uploaded]))

    seed_media(stack.as_stack(), keeping(stack))

    assert uploaded_by_then == [[]]


def test_a_stack_that_takes_no_pictures_after_an_event_is_recreated(stack: FakeStack) -> None:
    seeded_media = keeping(stack)
    seed_media(stack.as_stack(), seeded_media)
    working = stack.platform.upload
    stack.platform.pictures.clear()
    stack.platform.upload = refuse  # type: ignore[assignment, method-assign]
    stack.recreate = lambda: setattr(stack.platform, "upload", working)  # type: ignore[method-assign]

    uploads, _ = seed_media(stack.as_stack(), seeded_media)

    assert [upload.path for upload in uploads] == ["1.png", "2.png"]


def test_a_stack_that_never_took_a_picture_is_not_recreated(stack: FakeStack) -> None:
    stack.platform.upload = refuse  # type: ignore[assignment, method-assign]

    with pytest.raises(PromiseBroken, match="read-only"):
        seed_media(stack.as_stack(), SeededMedia([sample("1.png")], seed=1))


def refuse(_: Sample) -> Upload:
    raise PromiseBroken("the volume is read-only")


def test_pictures_that_were_accepted_and_are_not_in_the_volume_are_a_broken_promise_by_name(stack: FakeStack) -> None:
    seeded_media = SeededMedia([sample(f"{number}.png") for number in range(7)], seed=1)

    with pytest.raises(PromiseBroken) as broken:
        seed_media(stack.as_stack(), seeded_media)

    assert broken.value.seen == (
        "7 of 7 accepted pictures are not in media_volume: ['0.png', '1.png', '2.png', '3.png', '4.png']"
    )
    assert "no deploy, no backup and no restore knows of them" in broken.value.means


def test_seeded_pictures_are_part_of_the_snapshot_before(stack: FakeStack) -> None:
    lost = manifest_of(a="00")
    event_result = run_event(stack.as_stack(), keeping(stack), EVENT, lambda _: setattr(stack, "tree", lost))

    assert event_result.after.manifest == lost
    assert [upload.path for upload in event_result.uploads] == ["1.png", "2.png"]
    assert event_result.before.manifest.entries.keys() >= {b"1.png", b"2.png"}


def test_a_stack_that_can_not_be_mended_is_raised_for_each_who_asks_and_nothing_happens_to_it(
    stack: FakeStack,
) -> None:
    def mend() -> None:
        raise PromiseBroken("timed out after 60 s waiting until web-project answers")

    stack.mends.append(mend)
    happened: list[str] = []
    event_result = after(stack, lambda: happened.append(EVENT))

    for ask in (lambda: event_result.uploads, lambda: event_result.before, event_result.expect_same_media):
        with pytest.raises(PromiseBroken, match="timed out"):
            ask()
    assert happened == [], "an event that finds the stack broken proves nothing of the event"


def test_media_that_are_the_same_are_evidence(stack: FakeStack, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "verify.evidence"):
        after(stack, lambda: None).expect_same_media()

    assert caplog.messages[-1] == f"2 files, 2 bytes: 0 missing, 0 changed after {EVENT}"


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (manifest_of(**{"a.jpg": "00"}), "'b.jpg'"),
        (manifest_of(**{"a.jpg": "00", "b.jpg": "ff"}), "'b.jpg'"),
        (manifest_of(**{"a.jpg": "00", "b.jpg": "01", "c.jpg": "02"}), "'c.jpg'"),
        (manifest_of(), "2 missing"),
    ],
)
def test_media_that_are_not_the_same_are_a_broken_promise_by_name_and_event(
    stack: FakeStack, tree: Manifest, words: str
) -> None:
    event_result = after(stack, lambda: setattr(stack, "tree", tree))

    with pytest.raises(PromiseBroken) as broken:
        event_result.expect_same_media()

    assert f"after {EVENT}: " in broken.value.seen
    assert words in broken.value.seen
    assert "the folder differences/ of this run's report" in broken.value.next_step


def test_every_difference_is_in_the_detail_where_the_words_name_the_first() -> None:
    before = manifest_of(**{f"f{number:02}": "00" for number in range(30)})

    with pytest.raises(PromiseBroken) as broken:
        expect_same(before, Manifest({}), event=EVENT)

    assert "… and 10 more" in broken.value.seen
    assert sum(f"'f{number:02}'" in broken.value.detail for number in range(30)) == 30


def test_nothing_to_compare_is_no_proof() -> None:
    with pytest.raises(NothingCompared, match="no file to compare"):
        expect_same(Manifest({}), Manifest({}), event=EVENT)


def test_times_are_compared_as_finely_as_is_asked(stack: FakeStack) -> None:
    later = Manifest({path: replace(entry, mtime_ns=999_999_999) for path, entry in BEFORE.entries.items()})
    event_result = after(stack, lambda: setattr(stack, "tree", later))

    event_result.expect_same_media(mtime="seconds")

    with pytest.raises(PromiseBroken, match="mtime"):
        event_result.expect_same_media()


def test_what_is_to_be_ignored_is() -> None:
    other = Manifest({path: replace(entry, mode=0o755) for path, entry in BEFORE.entries.items()})

    expect_same(BEFORE, other, event=EVENT, ignore=frozenset({"mode"}))


def test_the_same_volume_is_evidence(stack: FakeStack, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "verify.evidence"):
        after(stack, lambda: setattr(stack, "who", replace(IDENTITY, container="c2"))).expect_same_volume()

    assert caplog.messages[-1] == f"volume media_volume, made yesterday, is the same after {EVENT}"


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (
            replace(IDENTITY, volume="connect_media_volume"),
            "backed by connect_media_volume of yesterday; before, by media_volume",
        ),
        (
            replace(IDENTITY, volume_created="today"),
            "backed by media_volume of today; before, by media_volume of yesterday",
        ),
    ],
    ids=["another", "recreated"],
)
def test_another_volume_or_a_recreated_one_is_a_broken_promise(stack: FakeStack, who: object, words: str) -> None:
    event_result = after(stack, lambda: setattr(stack, "who", who))

    with pytest.raises(PromiseBroken) as broken:
        event_result.expect_same_volume()

    assert words in broken.value.seen
    assert broken.value.next_step == "docker volume ls"


def restored(**times: int) -> Manifest:
    """Give a manifest of a picture in a directory, each with its time in ns."""
    made = manifest_of(**{"a/1.png": "00"})
    entries = dict(made.entries)
    entries[b"a"] = replace(entries[b"a/1.png"], path=b"a", kind="directory", sha256="", mtime_ns=times["directory"])
    entries[b"a/1.png"] = replace(entries[b"a/1.png"], mtime_ns=times["picture"])
    return Manifest(entries, made.links)


def test_the_time_of_a_directory_may_be_that_of_the_restore(caplog: pytest.LogCaptureFixture) -> None:
    before, after = restored(directory=10**9, picture=10**9), restored(directory=2 * 10**9, picture=10**9 + 1)

    with caplog.at_level("INFO", "verify.evidence"):
        expect_restored(before, after, event=EVENT)

    assert "1 directories and symbolic links have the time or the owner that they were given then" in caplog.text


@pytest.mark.parametrize(("kind", "counts"), [("symlink", False), ("file", True), ("directory", True)])
def test_the_owner_of_a_symbolic_link_counts_for_nothing(kind: str, *, counts: bool) -> None:
    before = restored(directory=10**9, picture=10**9)
    link = replace(before.entries[b"a"], path=b"link", kind=kind)
    entries = {**before.entries, b"link": link}

    context = pytest.raises(PromiseBroken, match="owner") if counts else nullcontext()
    with context:
        after = Manifest({**entries, b"link": replace(link, uid=link.uid + 1)}, before.links)
        expect_restored(Manifest(entries, before.links), after, event=EVENT)


def test_the_time_of_a_picture_may_not() -> None:
    before, after = restored(directory=10**9, picture=10**9), restored(directory=10**9, picture=2 * 10**9)

    with pytest.raises(PromiseBroken, match="mtime"):
        expect_restored(before, after, event=EVENT)
