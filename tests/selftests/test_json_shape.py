"""The check of a shape finds what a schema forbids, and accepts what it allows."""

import pytest
from json_shape import faults

SHAPE = {"name": str, "line?": int, "kind": {"a", "b"}, "tests": [{"id": str}], "bag?": {"*": int}}
SOUND = {"name": "x", "kind": "a", "tests": [{"id": "1"}], "bag": {"anything": 1}}


def test_what_has_the_shape_has_no_fault() -> None:
    assert list(faults(SOUND, SHAPE)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"line": "15"}, "$.line is str, not int"),
        ({"line": True}, "$.line is bool, not int"),
        ({"kind": "c"}, "$.kind is 'c'"),
        ({"more": 1}, "$ has more, which the schema doesn't know"),
        ({"tests": [{"id": "1"}, {}]}, "$.tests[1] lacks id"),
        ({"tests": {}}, "$.tests is no array"),
        ({"bag": []}, "$.bag is no object"),
    ],
)
def test_each_fault_is_found_at_its_place(change: dict[str, object], fault: str) -> None:
    assert list(faults({**SOUND, **change}, SHAPE)) == [fault]
