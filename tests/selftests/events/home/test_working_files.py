"""What a platform keeps for itself among its media may change; what was uploaded or planted, and pictures, may not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_stack import manifest_of, sample

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.events.before_after import expect_restored, expect_same
from media_guarantees.events.home.working_files import of_platform
from media_guarantees.media.diff import diff
from media_guarantees.media.manifest import ROOT, Entry, Manifest
from media_guarantees.media.uploads.platform_protocol import Upload

LOG, LOCK, PICTURE = "platform.log", "index.lock", "thumbnails/1.jpg"
UPLOAD, PLANTED = "attachments/7f3a", "media-verify/file"
BEFORE = manifest_of(**dict.fromkeys((LOG, LOCK, PICTURE, UPLOAD, PLANTED), "00"))
UPLOADS = [Upload(sample("7f3a"), UPLOAD, "/7f3a", "00", 1)]


def with_changes(*gone: str, **files: str) -> Manifest:
    """Return the tree without some files, and with others that have another content."""
    changed = manifest_of(**files).entries
    return Manifest({path: entry for path, entry in {**BEFORE.entries, **changed}.items() if path.decode() not in gone})


def excused(after: Manifest, *, may_appear: bool = False) -> list[tuple[str, str]]:
    own = of_platform(diff(BEFORE, after), BEFORE, UPLOADS, may_appear=may_appear)
    return [(change.path.decode(), change.aspect) for change in own]


@pytest.mark.parametrize(("name", "is_own"), [(LOG, True), (PICTURE, False), (UPLOAD, False), (PLANTED, False)])
def test_only_a_file_of_the_platforms_own_may_get_another_content(name: str, is_own: bool) -> None:
    assert excused(with_changes(**{name: "01"})) == ([(name, "content")] if is_own else [])


@pytest.mark.parametrize(
    ("name", "is_own"), [(LOCK, True), (LOG, False), (PICTURE, False), (UPLOAD, False), (PLANTED, False)]
)
def test_only_a_lock_or_a_journal_may_pass(name: str, is_own: bool) -> None:
    assert excused(with_changes(name)) == ([(name, "missing")] if is_own else [])


@pytest.mark.parametrize(("name", "may_appear"), [("new.log", True), ("new.jpg", False), ("new.png", False)])
def test_a_file_of_its_own_may_appear_only_where_the_service_was_started(name: str, may_appear: bool) -> None:
    after = with_changes(**{name: "00"})

    assert excused(after, may_appear=True) == ([(name, "extra")] if may_appear else [])
    assert excused(after) == []


def test_another_owner_or_mode_is_no_work_of_the_platform() -> None:
    log = replace(BEFORE.entries[LOG.encode()], mode=0o600, uid=4)

    assert excused(Manifest({**BEFORE.entries, log.path: log})) == []


@pytest.mark.parametrize(("path", "folder"), [("logs/a.log", b"logs"), ("a.log", ROOT)])
def test_the_time_of_a_directory_is_excused_with_what_changed_in_it(path: str, folder: bytes) -> None:
    def tree(time: int, sha256: str) -> Manifest:
        folders = [Entry(name, "directory", 0, "", 0o755, 0, 0, time, b"") for name in (folder, b"pictures")]
        return Manifest({**manifest_of(**{path: sha256}).entries, **{each.path: each for each in folders}})

    before, after = tree(1, "00"), tree(2, "01")

    own = of_platform(diff(before, after), before, ())

    assert {(change.path, change.aspect) for change in own} == {(path.encode(), "content"), (folder, "mtime")}


def test_a_change_of_its_own_is_reported_and_a_lost_picture_is_broken_beside_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for expect in (expect_same, expect_restored):
        with caplog.at_level("INFO", "verify.evidence"):
            expect(BEFORE, with_changes(**{LOG: "01"}), event="moving", uploads=UPLOADS)
        assert "files that the platform keeps for itself are different" in caplog.text
        assert LOG in caplog.text
        caplog.clear()

        with pytest.raises(PromiseBroken, match="after moving: 1 missing") as broken:
            expect(BEFORE, with_changes(UPLOAD, **{LOG: "01"}), event="moving", uploads=UPLOADS)
        assert LOG not in broken.value.seen


def test_where_no_platform_works_every_file_is_judged() -> None:
    for expect in (expect_same, expect_restored):
        with pytest.raises(PromiseBroken, match=r"platform\.log"):
            expect(BEFORE, with_changes(**{LOG: "01"}), event="migrating")
