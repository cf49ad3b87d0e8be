"""The options of a drill of an archive: lengths of time with a unit, and limits only where there is an archive."""

import pytest

from media_guarantees.core.errors import BadInput
from media_guarantees.gate.kept.archive_request import ArchiveRequest, read_duration, read_request

UNSET = {"archive": "", "pick": "newest", "window": "30d", "max-age": "", "max-rpo": "", "min-kept": ""}


def read(**given: str) -> ArchiveRequest | None:
    return read_request({**UNSET, **{name.replace("_", "-"): text for name, text in given.items()}}.__getitem__)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("90m", 5400), ("26h", 93600), ("1.5h", 5400), (" 30d ", 2592000), ("2w", 1209600)],
)
def test_a_length_of_time_has_a_unit(text: str, seconds: float) -> None:
    assert read_duration("max-age", text) == seconds


@pytest.mark.parametrize("text", ["abc", "26", "h", "-1h", "0h", "26 h", "26h30m", "1e9h", "٣h", "26H"])
def test_a_length_of_time_that_can_not_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInput, match=r"--max-age is .*no length of time\n  hint: .*26h"):
        read(archive="backups", max_age=text)


@pytest.mark.parametrize("text", ["abc", "0", "-1", "1.5", "٣", "9999999"])
def test_a_number_of_archives_that_can_not_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"--min-kept is .*\n  hint: give the number of archives"):
        read(archive="backups", min_kept=text)


def test_an_archive_is_picked_in_one_of_two_ways() -> None:
    with pytest.raises(BadInput, match=r"--pick is 'oldest'\n  hint: choose one of newest, random"):
        read(archive="backups", pick="oldest")


@pytest.mark.parametrize(("name", "text"), [("max_age", "26h"), ("max_rpo", "1h"), ("min_kept", "7")])
def test_a_limit_without_an_archive_is_refused_as_nothing_would_be_held_against_it(name: str, text: str) -> None:
    with pytest.raises(BadInput, match=rf"--{name.replace('_', '-')} is a limit for an archive, and none is named"):
        read(**{name: text})


def test_without_an_archive_there_is_no_request() -> None:
    assert read() is None


def test_all_that_is_given_is_read() -> None:
    assert read(archive="backups", pick="random", window="7d", max_age="26h", max_rpo="1h", min_kept="7") == (
        ArchiveRequest("backups", "random", 604800.0, 93600.0, 3600.0, 7)
    )
