"""What a deploy did to the media: each loss is named by its kind, and nothing else is called a loss."""

import pytest

from media_guarantees.deployment.container_proc import User
from media_guarantees.gate.compare import (
    CHANGED,
    DECLARED,
    GONE,
    KEPT,
    MTIME_CHANGED,
    OTHER_MODE,
    REOWNED,
    UNREACHABLE,
    UNREAD,
    UNSTABLE,
    Comparison,
    compare,
    rwx,
)
from media_guarantees.gate.volume_scan import VolumeScan

SERVICE = User(10001, (10001,))
FIELDS = {
    "sha256": "ab", "kind": "f", "size": "3", "mode": "644", "uid": "10001", "gid": "10001", "mtime": "1.5",
    "ctime": "2.5", "links": "1", "inode": "1:2", "target": "",
}  # fmt: skip


def line(**others: str) -> bytes:
    return " ".join({**FIELDS, **others}.values()).encode()


DIRECTORY = {"sha256": "-", "kind": "d", "size": "0", "mode": "755", "mtime": "0", "ctime": "0", "inode": "0:0"}


def judged(was: bytes, now: bytes | None, *, users: tuple[User | None, User | None] = (SERVICE, SERVICE)) -> Comparison:
    """Compare a tree of one path that matters and one that stays as it is."""
    before = {b"a": was, b"kept": line()}
    after = {b"a": now, b"kept": line()} if now else {b"kept": line()}
    return compare(before.items(), VolumeScan(after), users=users)


@pytest.mark.parametrize(
    ("was", "now", "verdicts"),
    [
        ({}, {}, set()),
        ({}, {"sha256": "cd"}, {CHANGED}),
        ({}, {"sha256": "cd", "size": "4"}, {CHANGED}),
        ({}, {"kind": "l", "sha256": "-"}, {CHANGED}),
        ({"kind": "l", "sha256": "-"}, {"kind": "l", "sha256": "-", "target": "other"}, {CHANGED}),
        ({}, {"uid": "0"}, {REOWNED}),
        ({}, {"gid": "0"}, {REOWNED}),
        ({}, {"mode": "0"}, {UNREACHABLE, OTHER_MODE}),
        ({"mode": "600"}, {"mode": "600", "uid": "0"}, {REOWNED, UNREACHABLE}),
        ({}, {"mode": "755"}, {OTHER_MODE}),
        ({}, {"mode": "444"}, {OTHER_MODE}),
        ({}, {"mtime": "9.0"}, {MTIME_CHANGED}),
        ({}, {"ctime": "9.0", "inode": "1:9", "links": "2"}, set()),
        (DIRECTORY, {**DIRECTORY, "mode": "555"}, {UNREACHABLE}),
        (DIRECTORY, {**DIRECTORY, "mode": "777"}, set()),
        (DIRECTORY, {**DIRECTORY, "uid": "0"}, {REOWNED, UNREACHABLE}),
        ({"sha256": "-"}, {"sha256": "-"}, set()),
        ({}, {"sha256": "-"}, set()),
        ({"sha256": "-"}, {"sha256": "-", "ctime": "9.0"}, {UNREAD}),
        ({}, {"sha256": "-", "mtime": "9.0", "ctime": "9.0"}, {UNREAD, MTIME_CHANGED}),
        ({"sha256": "-"}, {"sha256": "-", "ctime": "9.0", "size": "9"}, {CHANGED}),
    ],
)
def test_each_difference_is_judged_for_what_it_costs(
    was: dict[str, str], now: dict[str, str], verdicts: set[str]
) -> None:
    assert set(judged(line(**was), line(**now)).counts) == verdicts


def test_a_file_that_is_not_there_any_more_is_gone() -> None:
    seen = judged(line(), None)

    assert seen.counts == {GONE: 1}
    assert [(change.path, change.aspect) for change in seen.found[GONE]] == [(b"a", "missing")]


def test_an_empty_directory_that_is_gone_is_no_loss() -> None:
    assert not judged(line(**DIRECTORY), None).counts


def test_what_is_new_is_welcome() -> None:
    seen = compare({b"a": line()}.items(), VolumeScan({b"a": line(), b"b": line()}))

    assert (seen.new, seen.counts) == (1, {})


def test_another_user_may_lose_access_to_unchanged_files() -> None:
    seen = judged(line(mode="600"), line(mode="600"), users=(SERVICE, User(12345, (12345,))))

    assert seen.counts == {UNREACHABLE: 1}
    assert [(change.before, change.after) for change in seen.found[UNREACHABLE]] == [("rw-", "---")]


def test_root_reaches_everything() -> None:
    assert not judged(line(), line(mode="0"), users=(SERVICE, User(0, (0,)))).counts[UNREACHABLE]


def test_a_group_is_a_way_to_reach_a_file() -> None:
    users = (SERVICE, User(12345, (1, 10001)))

    assert not judged(line(mode="640"), line(mode="640"), users=users).counts


def test_without_a_known_user_the_owner_must_reach_it() -> None:
    assert set(judged(line(), line(mode="0"), users=(None, None)).counts) == {UNREACHABLE, OTHER_MODE}


def test_what_was_declared_may_be_gone_or_other() -> None:
    before = {b"gone": line(), b"other": line(), b"lost": line()}
    now = VolumeScan({b"other": line(sha256="cd")})

    seen = compare(before.items(), now, removed=lambda path: path != b"lost")

    assert seen.counts == {DECLARED: 2, GONE: 1}


def test_a_directory_that_was_declared_must_still_be_within_reach() -> None:
    now = VolumeScan({b"a": line(**{**DIRECTORY, "mode": "0"})})

    seen = compare({b"a": line(**DIRECTORY)}.items(), now, removed=lambda _: True)

    assert seen.counts == {UNREACHABLE: 1}


def test_what_does_not_hold_still_is_not_judged() -> None:
    seen = compare({b"a": line()}.items(), VolumeScan({b"a": line(sha256="cd")}, {b"a"}))

    assert seen.counts == {UNSTABLE: 1}


def test_the_summary_says_what_was_compared_and_how() -> None:
    seen = judged(line(), line(sha256="-"))

    assert seen.summary() == (
        "2 files, 6 bytes, 1 of them by content: 0 gone, 0 changed, 0 re-owned, 0 unreachable; 0 new"
    )


def test_of_a_great_many_differences_the_first_are_kept_and_all_are_counted() -> None:
    before = {b"%d" % number: line() for number in range(KEPT + 5)}

    seen = compare(before.items(), VolumeScan({}))

    assert seen.counts[GONE] == KEPT + 5
    assert len(seen.found[GONE]) == KEPT


def test_rights_are_spelt_as_ls_does() -> None:
    assert [rwx(rights) for rights in (0, 4, 5, 7)] == ["---", "r--", "r-x", "rwx"]
