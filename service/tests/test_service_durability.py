"""What 201 promises, and what faults of disk and database leave behind: nothing."""

import errno
import os
import sqlite3

import pytest
from django.db import connection

from pictures import picture, upload
from uploads.models import Upload
from uploads.names import alternatives
from uploads.storage import NewFile


@pytest.fixture(name="steps")
def _steps(monkeypatch, media):
    """The order in which an upload reached the disk, as a list that grows."""
    steps = []
    real = {"fsync": os.fsync, "link": os.link, "record": Upload.record}

    def _place(descriptor):
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        return "nameless file" if "#" in path else os.path.relpath(path, media)

    def _fsync(descriptor):
        steps.append(f"fsync {_place(descriptor)}")
        real["fsync"](descriptor)

    def _link(source, name, **options):
        steps.append(f"link {name.decode()}")
        real["link"](source, name, **options)

    def _record(kind, name, **facts):
        steps.append(f"record {name}")
        return real["record"](kind, name, **facts)

    monkeypatch.setattr(os, "fsync", _fsync)
    monkeypatch.setattr(os, "link", _link)
    monkeypatch.setattr(Upload, "record", _record)
    return steps


def test_content_then_name_then_record_reach_the_disk_before_the_answer(member, steps):
    assert upload(member, picture(), "a.jpg").status_code == 201
    assert steps == ["fsync .", "fsync nameless file", "link a.jpg", "fsync avatars", "record a.jpg"]


def test_a_commit_is_on_disk_when_it_returns(database):  # noqa: ARG001
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        mode = cursor.fetchone()[0]
        cursor.execute("PRAGMA synchronous")
        synchronous = cursor.fetchone()[0]

    assert (mode, synchronous) == ("wal", 2), "2 is FULL; see SQLite's manual"


def test_a_file_has_no_name_before_it_is_whole(media):
    with NewFile(media / "avatars") as new_file:
        new_file.write(b"half")

        assert os.listdir(media / "avatars") == []


def test_a_file_that_is_given_up_leaves_nothing(media):
    with NewFile(media / "avatars") as new_file:
        new_file.write(b"half")

    assert os.listdir(media / "avatars") == []


def test_no_descriptor_stays_open(member):
    upload(member, picture(), "a.jpg")  # the database is opened
    before = len(os.listdir("/proc/self/fd"))
    for content in (picture(), b"not a picture"):
        upload(member, content, "a.jpg")

    assert len(os.listdir("/proc/self/fd")) <= before, "uploads leak descriptors"


def test_a_partial_write_is_continued(media):
    with NewFile(media / "avatars") as new_file:
        real = new_file.file

        class _Grudging:
            def write(self, content):
                return real.write(content[:3])

        new_file.file = _Grudging()
        new_file.write(b"more than three bytes")
        new_file.file = real
        with new_file.published(["a.jpg"]):
            pass

    assert (media / "avatars" / "a.jpg").read_bytes() == b"more than three bytes"


def _fail(code):
    def _raise(*_, **__):
        raise OSError(code, os.strerror(code))

    return _raise


@pytest.mark.parametrize("call", ["open", "fsync", "link"])
@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (errno.ENOSPC, 507, "no space left for media"),
        (errno.EDQUOT, 507, "no space left for media"),
        (errno.EROFS, 503, "media directory can't be used"),
        (errno.EIO, 503, "media directory can't be used"),
    ],
)
def test_a_fault_of_the_disk_is_told_and_leaves_nothing(member, media, call, code, status, reason):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"uploads.storage.os.{call}", _fail(code))
        answer = upload(member, picture(), "a.jpg")

    assert (answer.status_code, reason in answer.json()["error"]) == (status, True), answer.content
    assert not [path for path in media.rglob("*") if path.is_file()], "the fault left a file"
    assert not Upload.objects.exists(), "the fault left a record"
    assert upload(member, picture(), "a.jpg").status_code == 201, "the platform didn't heal by itself"


def test_a_name_that_could_not_be_made_durable_is_taken_back(member, media, monkeypatch):
    real, synced = os.fsync, []

    def _third_fails(descriptor):
        synced.append(descriptor)
        if len(synced) == 3:  # media root, file, then the directory
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", _third_fails)

    assert upload(member, picture(), "a.jpg").status_code == 503
    assert os.listdir(media / "avatars") == []


def test_a_lost_database_is_told_and_leaves_no_file(member, media, database, tmp_path):
    database.rename(tmp_path / "elsewhere")
    answer = upload(member, picture(), "a.jpg")

    assert (answer.status_code, answer.json()["error"]) == (503, "The database can't be used at the moment.")
    assert os.listdir(media / "avatars") == [], "a file without a record stayed"
    assert not database.exists(), "an empty database hides the loss"


def test_a_database_that_is_back_is_used_at_once(member, database, tmp_path):
    database.rename(tmp_path / "elsewhere")
    upload(member, picture(), "a.jpg")
    (tmp_path / "elsewhere").rename(database)

    assert upload(member, picture(), "a.jpg").status_code == 201


def test_a_locked_database_is_told_and_leaves_no_file(member, media, database, monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0)
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = upload(member, picture(), "a.jpg")
    other.close()

    assert answer.status_code == 503, answer.content
    assert os.listdir(media / "avatars") == []


def test_a_missing_media_root_is_not_made_up(member, media):
    media.rmdir()

    assert upload(member, picture(), "a.jpg").status_code == 503
    assert not media.exists(), "uploads must not go to a directory that nobody mounted"


def test_a_kind_that_is_a_link_to_elsewhere_is_not_written_to(member, media, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (media / "avatars").symlink_to(tmp_path / "elsewhere")

    assert upload(member, picture(), "a.jpg").status_code == 503
    assert os.listdir(tmp_path / "elsewhere") == []


def _first(count, name):
    return [alternative for alternative, _ in zip(alternatives(name), range(count), strict=False)]


def test_alternatives_count_up():
    assert _first(3, "a.jpg") == ["a.jpg", "a (2).jpg", "a (3).jpg"]


@pytest.mark.parametrize("name", ["x" * 251 + ".jpg", "é" * 125 + "x.jpg", "🎉" * 62 + "x.webp"])
def test_alternatives_of_long_names_are_not_too_long(name):
    names = _first(150, name)

    assert max(len(alternative.encode()) for alternative in names) <= 255
    assert len(set(names)) == 150, "alternatives must differ"
    assert all(alternative.endswith(name[-4:]) for alternative in names)
