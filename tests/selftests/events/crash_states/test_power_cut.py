"""A power cut is judged by what was answered before it."""

from types import SimpleNamespace
from typing import Any

import pytest

from media_guarantees.events.crash_states.power_cut import PowerCut
from media_guarantees.media.uploads.platform_protocol import Upload

HELD = [8, "sum"]


def upload(path: str) -> Upload:
    """Return an upload of eight bytes."""
    sample: Any = SimpleNamespace(sha256="sum")
    return Upload(sample, path, f"/media/{path}", "sum", 8)


UPLOADS = [upload("a.png"), upload("b.png"), upload("c.png")]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (None, "no such file"),
        ([0, "empty"], "0 of 8 bytes"),
        ([8, "another sum"], "other bytes"),
        ("Structure needs cleaning", "Structure needs cleaning"),
    ],
)
def test_an_upload_that_was_answered_is_lost_unless_it_is_there_as_it_was_sent(
    file: list[object] | str | None, words: str
) -> None:
    assert PowerCut(2, [HELD, file, HELD]).lost(UPLOADS) == [f"b.png: {words}"]


def test_what_was_not_answered_before_the_cut_may_be_lost() -> None:
    assert PowerCut(2, [HELD, HELD, None]).lost(UPLOADS) == []
    assert PowerCut(0, [None, None, None]).lost(UPLOADS) == []


def test_a_file_that_is_no_upload_is_nothing_that_can_be_lost() -> None:
    assert PowerCut(4, [HELD, HELD, HELD, None]).lost(UPLOADS) == []


def test_a_disk_that_cant_be_mounted_says_nothing_of_an_upload() -> None:
    assert PowerCut(3, "[Errno 117] Structure needs cleaning").lost(UPLOADS) == []
