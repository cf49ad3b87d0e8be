"""Archives as cron leaves them: each that has one thing wrong breaks the right guarantee, and a sound one none.

The archives are real tar files; the server around them is invented, so that its times can be chosen.
"""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from invented_server import DAY, HOUR, LAST_NIGHT, NOW, File, Server, as_of, dated, packed, uploads

from media_guarantees.gate.kept.archive_choice import KeptArchive

Case = Callable[[Server], None]
COMPLETE, FRESH, RETAINED = "backup.complete", "backup.fresh", "backup.retained"


def moved(files: dict[str, File], old: str, new: str) -> dict[str, File]:
    """Rename a directory: no time of any file changes."""
    return {new + path[len(old) :] if path.startswith(f"{old}/") else path: each for path, each in files.items()}


def touched(files: dict[str, File], time: float, **others: object) -> dict[str, File]:
    """Do as `chmod -R` or `chown -R` does, at a time, to all that is there by then."""
    return {
        path: replace(each, touched=time, **others) if each.came <= time else each  # type: ignore[arg-type]
        for path, each in files.items()
    }


def without(name: str) -> Callable[[tarfile.TarInfo], tarfile.TarInfo | None]:
    return lambda info: None if name in info.name else info


# --- with one thing wrong


def cut_in_half(server: Server) -> None:
    server.archive = server.archive[: len(server.archive) // 2]


def cut_at_its_end(server: Server) -> None:
    server.archive = server.archive[:-10]


def of_no_bytes(server: Server) -> None:
    server.archive = b""


def rotten(server: Server) -> None:
    middle = len(server.archive) // 2
    server.archive = server.archive[:middle] + bytes([server.archive[middle] ^ 4]) + server.archive[middle + 1 :]


def rotten_before_it_was_compressed(server: Server) -> None:
    then = server.then()
    then["avatars/003.jpg"] = replace(then["avatars/003.jpg"], content=b"picturE 3" * 4)
    server.archive = packed(then)


def message_of_a_proxy(server: Server) -> None:
    server.archive = b"<html>502 Bad Gateway</html>\n"


def cut_at_a_member_and_compressed_again(server: Server) -> None:
    content = packed(server.then(), mode="w")
    at = content.index(b"./event_banners/100.jpg")
    server.archive = gzip.compress(content[:at] + bytes(10240))


def without_an_end(server: Server) -> None:
    content = packed(server.then(), mode="w")
    server.archive = gzip.compress(content[: content.index(b"./event_banners/100.jpg")])


def with_something_after_it(server: Server) -> None:
    server.archive += b"garbage"


def of_another_volume(server: Server) -> None:
    server.archive = packed({f"other/{n}.jpg": File(b"x%d" % n, NOW - n * DAY) for n in range(1, 20)})


def of_another_volume_with_the_same_directories(server: Server) -> None:
    server.archive = packed({path: replace(each, content=b"other") for path, each in server.then().items()})


def of_an_empty_volume(server: Server) -> None:
    server.archive = packed({})


def yesterdays_copied_under_todays_name(server: Server) -> None:
    server.archive = packed(server.then(LAST_NIGHT - DAY))


def yesterdays_renamed_to_today(server: Server) -> None:
    server.archive, server.written = packed(server.then(LAST_NIGHT - DAY)), LAST_NIGHT - DAY + 20


def named_after_tomorrow(server: Server) -> None:
    server.name = dated(LAST_NIGHT + DAY)


def without_owners(server: Server) -> None:
    def of_root(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = 0
        return info

    server.archive = packed(server.then(), edit=of_root)


def without_groups(server: Server) -> None:
    def of_group(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.gid = 0
        return info

    server.archive = packed(server.then(), edit=of_group)


def without_the_owner_that_they_were_given_days_before(server: Server) -> None:
    server.archive = packed(server.then())
    server.live = touched(server.live, NOW - 3 * DAY, owner=(33, 33))


def with_a_short_last_file(server: Server) -> None:
    last = max(server.then())

    def shortened(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.size = info.size // 2 if info.name.endswith(last) else info.size
        return info

    server.archive = packed(server.then(), edit=shortened)


def with_empty_files(server: Server) -> None:
    server.archive = packed({path: replace(each, content=b"") for path, each in server.then().items()})


def without_a_directory(server: Server) -> None:
    server.archive = packed(server.then(), edit=without("avatars"))


def without_one_picture(server: Server) -> None:
    server.archive = packed(server.then(), edit=without("100.jpg"))


def without_the_last_picture_before_it(server: Server) -> None:
    last = max(server.then(), key=lambda path: server.then()[path].came)
    server.archive = packed(server.then(), edit=without(last))


def without_what_came_at_its_very_end(server: Server) -> None:
    server.live["avatars/end.jpg"] = File(b"end", LAST_NIGHT - 30)
    then = as_of(server.live, LAST_NIGHT)
    server.archive = packed(then, edit=without("end.jpg"))


def of_one_day_only(server: Server) -> None:
    then = server.then()
    server.archive = packed({path: each for path, each in then.items() if each.came > LAST_NIGHT - DAY})


def with_a_version_from_before_a_change(server: Server) -> None:
    server.live["avatars/003.jpg"] = File(b"a better picture", NOW - 5 * DAY)


def from_before_a_rename(server: Server) -> None:
    server.live = moved(server.live, "avatars", "user_pictures")


def with_a_way_out(server: Server) -> None:
    info = tarfile.TarInfo("./../../etc/cron.d/x")
    server.archive = packed(server.then(), extra=(info,))


def with_a_link_out(server: Server) -> None:
    info = tarfile.TarInfo("./avatars/link")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/shadow"
    server.archive = packed(server.then(), extra=(info,))


def too_old(server: Server) -> None:
    night = LAST_NIGHT - 3 * DAY
    server.name, server.written, server.archive = dated(night), night + 20, packed(server.then(night))
    server.others = server.others[3:] + [
        KeptArchive(dated(LAST_NIGHT - n * DAY), 1000, LAST_NIGHT - n * DAY) for n in range(10, 14)
    ]
    server.limits(max_rpo=None)


def too_old_though_its_file_is_new(server: Server) -> None:
    too_old(server)
    server.written = NOW - HOUR


def from_before_much_that_came_since(server: Server) -> None:
    server.limits(max_rpo=6 * HOUR)


def with_few_beside_it(server: Server) -> None:
    server.others = server.others[:4]


def with_empty_files_beside_it(server: Server) -> None:
    server.others = [replace(each, size=0) for each in server.others]


def with_dumps_of_a_database_beside_it(server: Server) -> None:
    server.others = [replace(each, name=each.name.replace("media", "db")) for each in server.others]


WRONG: list[tuple[Case, str, str]] = [
    (cut_in_half, COMPLETE, "is refused"),
    (cut_at_its_end, COMPLETE, "is refused"),
    (of_no_bytes, COMPLETE, "is refused"),
    (rotten, COMPLETE, "is refused"),
    (rotten_before_it_was_compressed, COMPLETE, "1 file with other content in the archive"),
    (message_of_a_proxy, COMPLETE, "is refused"),
    (cut_at_a_member_and_compressed_again, COMPLETE, "not in the archive, though in the volume before"),
    (without_an_end, COMPLETE, "is refused"),
    (with_something_after_it, COMPLETE, "is refused"),
    (of_another_volume, COMPLETE, "229 files not in the archive, though in the volume before"),
    (of_another_volume_with_the_same_directories, COMPLETE, "236 files with other content"),
    (of_an_empty_volume, COMPLETE, "not one file of a volume was saved"),
    (yesterdays_copied_under_todays_name, FRESH, "lacks 10 files older than the day in its name"),
    (yesterdays_renamed_to_today, FRESH, "was written before the day in its name"),
    (named_after_tomorrow, FRESH, "which has not begun"),
    (without_owners, COMPLETE, "236 files of another user"),
    (without_groups, COMPLETE, "236 files of another user"),
    (without_the_owner_that_they_were_given_days_before, COMPLETE, "files of another user"),
    (with_a_short_last_file, COMPLETE, "1 file with other content in the archive"),
    (with_empty_files, COMPLETE, "236 files with other content"),
    (without_a_directory, COMPLETE, "79 files not in the archive, though in the volume before"),
    (without_one_picture, COMPLETE, "1 file not in the archive, though in the volume before"),
    (without_the_last_picture_before_it, COMPLETE, "1 file not in the archive, though in the volume before"),
    (without_what_came_at_its_very_end, COMPLETE, "1 file not in the archive, though in the volume before"),
    (of_one_day_only, COMPLETE, "224 files not in the archive, though in the volume before"),
    (with_a_version_from_before_a_change, COMPLETE, "1 file with other content in the archive"),
    (from_before_a_rename, COMPLETE, "79 files in the archive only below a directory that has been renamed since"),
    (with_a_way_out, COMPLETE, "is refused"),
    (with_a_link_out, COMPLETE, "is refused"),
    (too_old, FRESH, "is 3 days old; the limit is 26 hours"),
    (too_old_though_its_file_is_new, FRESH, "is 2 days old; the limit is 26 hours"),
    (from_before_much_that_came_since, FRESH, "the first of them 8 hours ago; the limit is 6 hours"),
    (with_few_beside_it, RETAINED, "5 backups are kept, from 'media_backup_20261121.tar.gz'"),
    (with_empty_files_beside_it, RETAINED, "1 backups are kept; 9 more are empty files; MIN_KEPT is 7"),
    (with_dumps_of_a_database_beside_it, RETAINED, "1 backups are kept; MIN_KEPT is 7"),
]


# --- sound


def last_nights(server: Server) -> None:
    del server


def replaced_since(server: Server) -> None:
    server.live["avatars/003.jpg"] = File(b"a better picture", NOW - HOUR)


def deleted_since(server: Server) -> None:
    for path in sorted(server.live)[:50]:
        del server.live[path]


def owned_again_at_a_restart(server: Server) -> None:
    server.live = touched(server.live, NOW - HOUR)


def given_to_another_user_since(server: Server) -> None:
    server.live = touched(server.live, NOW - HOUR, owner=(33, 33))


def given_to_another_user_long_ago(server: Server) -> None:
    server.live = touched(server.live, NOW - 3 * DAY, owner=(33, 33))
    server.archive = packed(as_of(server.live, LAST_NIGHT))


def with_older_pictures_added_since(server: Server) -> None:
    server.live |= {f"avatars/old{n}.jpg": File(b"old", NOW - 900 * DAY, touched=NOW - HOUR) for n in range(9)}


def with_older_pictures_added_since_and_owned_with_all_others(server: Server) -> None:
    with_older_pictures_added_since(server)
    server.live = {
        path: replace(each, touched=NOW - HOUR, made=NOW - HOUR if "old" in path else 0)
        for path, each in server.live.items()
    }


def optimised_since_with_their_times_kept(server: Server) -> None:
    server.live = {
        path: replace(each, content=each.content[:5], touched=NOW - HOUR, made=NOW - HOUR) if n % 2 else each
        for n, (path, each) in enumerate(server.live.items())
    }


def below_a_directory(server: Server) -> None:
    server.archive = packed(server.then(), root="usr/src/platform/media")


def without_entries_for_directories(server: Server) -> None:
    server.archive = packed(server.then(), directories=False)


def not_compressed(server: Server) -> None:
    server.archive = packed(server.then(), mode="w")


def of_a_quiet_platform(server: Server) -> None:
    server.live = as_of(server.live, NOW - 8 * DAY)
    server.archive = packed(server.live)


def copied_without_its_time(server: Server) -> None:
    server.written = NOW - 60


def without_what_came_while_it_was_made(server: Server) -> None:
    first = File(b"late", LAST_NIGHT - 60)
    server.live |= {"avatars/late.jpg": first}
    last = File(b"later", LAST_NIGHT + 10)
    server.live |= {"profile_pictures/later.jpg": last}
    server.archive = packed({**server.then(), "profile_pictures/later.jpg": last})


def without_the_end_of_many_uploads_in_one_second(server: Server) -> None:
    burst = {f"avatars/burst{n}.jpg": File(b"burst", LAST_NIGHT + 5 + n / 100) for n in range(40)}
    server.live |= burst
    server.archive = packed({**server.then(), **dict(list(burst.items())[:20])})


def of_another_time_zone(server: Server) -> None:
    server.zone = timezone(timedelta(hours=-3))
    night = LAST_NIGHT - 5 * HOUR  # 22:00 of the day before there is 01:00 of this day in UTC
    server.name, server.written = dated(night, server.zone), night + 20
    server.archive = packed(server.then(night))


def of_a_zone_ahead(server: Server) -> None:
    server.zone = timezone(timedelta(hours=9))
    night = LAST_NIGHT - 11 * HOUR  # 16:00 in UTC is 01:00 of the next day there
    server.name, server.written = dated(night, server.zone), night + 20
    server.archive = packed(server.then(night))


def not_named_after_a_day(server: Server) -> None:
    server.name, server.printed = "media.tar.gz", "/backup/media.tar.gz"
    server.limits(min_kept=1)


def with_pictures_moved_since(server: Server) -> None:
    for path in [path for path in server.then() if path.startswith("avatars/")][:9]:
        server.live[path.replace("avatars", "event_banners")] = server.live.pop(path)


def with_an_inbox_that_is_gone_since(server: Server) -> None:
    inbox = {f"inbox/{n}.jpg": File(b"waiting %d" % n, LAST_NIGHT - DAY + n) for n in range(9)}
    server.archive = packed({**server.then(), **inbox})
    server.live |= {path.replace("inbox", "avatars"): each for path, each in inbox.items()}


def with_links(server: Server) -> None:
    server.live["avatars/link"] = File(b"", NOW - 9 * DAY, target="003.jpg")
    server.archive = packed(as_of(server.live, LAST_NIGHT))


def with_pictures_dated_in_the_future(server: Server) -> None:
    server.live["avatars/camera.jpg"] = File(b"x", NOW + 900 * DAY, touched=NOW - 5 * DAY)
    then = {path: each for path, each in server.live.items() if path in server.then() or "camera" in path}
    server.archive = packed(then)


SOUND: list[Case] = [
    last_nights,
    replaced_since,
    deleted_since,
    owned_again_at_a_restart,
    given_to_another_user_since,
    given_to_another_user_long_ago,
    with_older_pictures_added_since,
    with_older_pictures_added_since_and_owned_with_all_others,
    optimised_since_with_their_times_kept,
    below_a_directory,
    without_entries_for_directories,
    not_compressed,
    of_a_quiet_platform,
    copied_without_its_time,
    without_what_came_while_it_was_made,
    without_the_end_of_many_uploads_in_one_second,
    of_another_time_zone,
    of_a_zone_ahead,
    not_named_after_a_day,
    with_pictures_moved_since,
    with_an_inbox_that_is_gone_since,
    with_links,
    with_pictures_dated_in_the_future,
]


@pytest.mark.parametrize(("case", "breaks", "says"), WRONG, ids=lambda part: getattr(part, "__name__", ""))
def test_an_archive_with_one_thing_wrong_breaks_the_right_guarantee(case: Case, breaks: str, says: str) -> None:
    server = Server()
    case(server)

    found = server.judged()

    assert [name for name, (verdict, _) in found.items() if verdict == "broken"] == [breaks], found
    assert says in found[breaks][1]


@pytest.mark.parametrize("case", SOUND, ids=lambda case: case.__name__)
def test_a_sound_archive_breaks_nothing(case: Case) -> None:
    server = Server()
    case(server)

    found = server.judged()

    assert {name: verdict for name, (verdict, _) in found.items()} == dict.fromkeys(found, "proved"), found


LACKING = [
    cut_at_a_member_and_compressed_again,
    of_another_volume,
    without_a_directory,
    without_one_picture,
    of_one_day_only,
]


@pytest.mark.parametrize("case", LACKING)
def test_a_loss_is_seen_although_every_restart_gives_the_media_new_times(case: Case) -> None:
    server = Server()
    case(server)
    server.live = touched(server.live, NOW - HOUR)

    assert server.judged()[COMPLETE][0] == "broken"


def test_there_are_as_many_as_were_promised() -> None:
    assert len({case for case, *_ in WRONG}) >= 20
    assert len({*SOUND}) >= 10
    assert len(uploads()) > 200
