"""Each file of the volume is of one kind: in the archive as it is, otherwise, or not, and if not, for which reason."""

import pytest
from invented_server import DAY, HOUR, LAST_NIGHT, NOW, File, as_of, members, scan_of, uploads

from media_guarantees.gate.kept import archive_comparison as kinds
from media_guarantees.gate.kept.archive_comparison import Taken, compare_archive, longest_run
from media_guarantees.gate.volume_scan import VolumeScan
from media_guarantees.media.manifest import Entry, Manifest

TAKEN = Taken(LAST_NIGHT + 20)


def archived(files: dict[str, File]) -> Manifest:
    """Return the manifest of an archive of files."""
    entries = scan_of(files).manifest().entries
    times = {info.name.removeprefix("./"): int(info.mtime) * 10**9 for info in members(files)}
    return Manifest({path: _at(each, times[path.decode()]) for path, each in entries.items()})


def _at(entry: Entry, time: int) -> Entry:
    return Entry(entry.path, entry.kind, entry.size, entry.sha256, entry.mode, entry.uid, entry.gid, time, entry.target)


def test_every_file_is_of_one_kind() -> None:
    then = as_of(uploads(), LAST_NIGHT)
    live = uploads()
    live["avatars/000.jpg"] = File(b"new version", NOW - HOUR)
    gone, moved = live.pop("avatars/003.jpg"), live.pop("avatars/006.jpg")
    live["event_banners/moved.jpg"] = moved
    del then["avatars/009.jpg"]

    seen = compare_archive(scan_of(live), archived(then), TAKEN)

    assert seen.counts == {
        kinds.IDENTICAL: 232,
        kinds.CHANGED_SINCE: 1,
        kinds.NEW_SINCE: 4,
        kinds.GONE_SINCE: 2,
        kinds.MOVED_SINCE: 1,
        kinds.LOST: 1,
    }
    assert seen.found[kinds.LOST] == [b"avatars/009.jpg"]
    assert seen.found[kinds.GONE_SINCE] == [b"avatars/003.jpg", b"avatars/006.jpg"]
    assert seen.elsewhere == {b"event_banners/moved.jpg": b"avatars/006.jpg"}
    assert gone.content


def test_what_came_since_is_counted_from_the_first_of_it() -> None:
    seen = compare_archive(scan_of(uploads()), archived(as_of(uploads(), LAST_NIGHT)), TAKEN)

    since = [each for each in uploads().values() if each.came > LAST_NIGHT]
    assert seen.since == (len(since), sum(len(each.content) for each in since))
    assert seen.oldest_since == min(each.came for each in since)


def test_the_newest_thing_is_no_newer_than_the_file_that_holds_it() -> None:
    then = {"a/1.jpg": File(b"x", LAST_NIGHT - HOUR), "a/2.jpg": File(b"y", NOW + 900 * DAY)}

    assert compare_archive(scan_of(then), archived(then), TAKEN).newest == LAST_NIGHT - HOUR


def test_what_never_held_still_is_counted_and_not_judged() -> None:
    live = scan_of(uploads())
    live.unstable.add(b"avatars/000.jpg")

    seen = compare_archive(live, archived(as_of(uploads(), LAST_NIGHT)), TAKEN)

    assert (seen.counts[kinds.UNSTABLE], seen.counts[kinds.GONE_SINCE]) == (1, 0)


def test_what_tar_can_not_hold_is_not_missed() -> None:
    live = VolumeScan({**scan_of(uploads()).entries, b"a.sock": b"- s 0 755 0 0 1.0 1.0 1 1:2 "})

    assert compare_archive(live, archived(uploads()), TAKEN).counts[kinds.LOST] == 0


def test_a_day_on_which_the_archive_was_not_written_yet_accuses_nothing() -> None:
    then = {"a/1.jpg": File(b"x", LAST_NIGHT - 30 * DAY), "b/2.jpg": File(b"y", LAST_NIGHT)}
    live = {**then, "a/late.jpg": File(b"z", LAST_NIGHT - 60)}

    seen = compare_archive(scan_of(live), archived(then), Taken(LAST_NIGHT + 20, day_begins=NOW + DAY))

    assert (seen.counts[kinds.LOST], seen.counts[kinds.LATE], seen.counts[kinds.NEW_SINCE]) == (0, 0, 1)


@pytest.mark.parametrize(("size", "seconds"), [(0, 900.0), (5_000_000, 901.0), (10**12, 200_900.0)])
def test_a_backup_of_much_takes_its_time(size: int, seconds: float) -> None:
    entry = Entry(b"a", "file", size, "", 0o644, 0, 0, 0, b"")

    assert longest_run(Manifest({b"a": entry})) == seconds


def test_in_a_long_backup_what_came_while_it_ran_may_be_missing() -> None:
    """A terabyte takes more than two days at that speed: what came within these may have come after tar looked."""
    then = {"a/1.jpg": File(b"x", LAST_NIGHT - 30 * DAY), "b/2.jpg": File(b"y", LAST_NIGHT)}
    live = {**then, "c/late.jpg": File(b"z", LAST_NIGHT - DAY)}
    small = archived(then)
    large = {**small.entries, b"b/big": Entry(b"b/big", "file", 10**12, "0", 0o644, 10001, 10001, 10**9, b"")}

    assert compare_archive(scan_of(live), small, TAKEN).counts[kinds.LOST] == 1
    assert compare_archive(scan_of(live), Manifest(large), TAKEN).counts[kinds.LOST] == 0
