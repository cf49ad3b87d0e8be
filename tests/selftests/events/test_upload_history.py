"""The checker on hand-written histories: every defect that it must find, none that it must not, all small cases."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import product

import pytest
from fake_stack import manifest_of

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.events.upload_history import (
    Finding,
    Outcome,
    UploadAttempt,
    check,
    count,
    count_defects,
    expect_nothing_lost,
    hashes_by_path,
)
from media_guarantees.media.diff import NothingCompared
from media_guarantees.media.manifest import Entry, Manifest


def upload(name: str, outcome: Outcome = "acknowledged") -> UploadAttempt:
    """Return an upload of the content `name` to the path of that name."""
    path = f"avatars/{name}" if outcome == "acknowledged" else ""
    return UploadAttempt(f"sha of {name}", 0.0, 1.0, outcome, path, f"/media/{path}" if path else "", "")


def at(**names: str) -> dict[str, str]:
    """Return which content is at which path."""
    return {f"avatars/{path}": f"sha of {name}" if name else "" for path, name in names.items()}


A, B = upload("a"), upload("b")
REFUSED, UNKNOWN = upload("c", "refused"), upload("c", "unknown")
HISTORY = (A, B, UNKNOWN)


def in_short(findings: tuple[Finding, ...]) -> list[str]:
    """Return the findings in short: which upload has which defect."""
    return [f"{finding.attempt.sha256.removeprefix('sha of ')} {finding.defect}" for finding in findings]


@pytest.mark.parametrize(
    ("stored", "served", "found"),
    [
        pytest.param(at(a="a", b="b"), at(a="a", b="b"), [], id="all is well"),
        pytest.param(at(a="a", b="b", c="c"), at(a="a", b="b"), [], id="an unknown one is there"),
        pytest.param(at(a="a", b="b", x="another user's"), at(a="a", b="b"), [], id="another user's file is there too"),
        pytest.param(at(b="b"), at(a="a", b="b"), ["a lost"], id="not stored"),
        pytest.param(at(a="a", b="b"), at(a="", b="b"), ["a lost"], id="not served"),
        pytest.param(at(b="b"), at(a="", b="b"), ["a lost", "a lost"], id="neither stored nor served"),
        pytest.param(at(), at(a="", b=""), ["a lost", "a lost", "b lost", "b lost"], id="everything gone"),
        pytest.param(at(a="half of a", b="b"), at(a="a", b="b"), ["a torn"], id="half of it stored"),
        pytest.param(at(a="a", b="b"), at(a="half of a", b="b"), ["a torn"], id="half of it served"),
        pytest.param(at(a="b", b="a"), at(a="a", b="b"), ["a swapped", "b swapped"], id="stored in each other's place"),
        pytest.param(at(a="a", b="b"), at(a="b", b="b"), ["a swapped"], id="another's picture served"),
        pytest.param(at(a="c", b="b"), at(a="a", b="b"), ["a swapped"], id="one of unknown outcome took its place"),
        pytest.param(at(a="b", b="b"), at(a="a", b="b"), ["a swapped", "b duplicated"], id="another's is there twice"),
        pytest.param(at(a="a", b="b", x="a"), at(a="a", b="b"), ["a duplicated"], id="stored twice"),
        pytest.param(at(a="a", b="b", x="c", y="c"), at(a="a", b="b"), ["c duplicated"], id="an unknown one twice"),
        pytest.param(at(x="a", b="b"), at(a="a", b="b"), ["a lost"], id="stored, but not where the platform said"),
        pytest.param(at(a="a", b="b"), at(b="b"), ["a never read"], id="not requested"),
        pytest.param(at(b="b"), at(b="b"), ["a lost", "a never read"], id="not requested, and not stored"),
        pytest.param(at(a="a", b="b"), {}, ["a never read", "b never read"], id="nothing requested"),
    ],
)
def test_what_is_found(stored: dict[str, str], served: dict[str, str], found: list[str]) -> None:
    assert in_short(check(HISTORY, stored=stored, served=served)) == found


def test_no_request_is_required_where_serving_is_not_in_question() -> None:
    assert check(HISTORY, stored=at(a="a", b="b")) == ()


@pytest.mark.parametrize("there", [{}, at(c="c"), at(x="c")], ids=["absent", "there", "there under another name"])
@pytest.mark.parametrize("attempt", [REFUSED, UNKNOWN], ids=["refused", "unknown"])
def test_what_was_not_acknowledged_may_be_there_or_not(attempt: UploadAttempt, there: dict[str, str]) -> None:
    assert check((A, attempt), stored=at(a="a") | there, served=at(a="a")) == ()


def test_two_uploads_acknowledged_at_one_path_can_not_both_be_there() -> None:
    usurper = UploadAttempt("sha of b", 1.0, 2.0, "acknowledged", A.path, A.url)

    assert in_short(check((A, usurper), stored=at(a="b"), served=at(a="b"))) == ["a swapped", "a swapped"]


@pytest.mark.parametrize("history", [(), (REFUSED,), (REFUSED, UNKNOWN)], ids=["empty", "refused", "nothing accepted"])
def test_a_history_without_an_acknowledged_upload_shows_nothing(history: tuple[UploadAttempt, ...]) -> None:
    with pytest.raises(NothingCompared, match=f"not one of {len(history)} uploads was acknowledged"):
        check(history, stored=at(a="a"), served=at(a="a"))


def is_well(attempt: UploadAttempt, stored: Mapping[str, str], served: Mapping[str, str]) -> bool:
    """State the promise independently of the checker."""
    copies = list(stored.values()).count(attempt.sha256)
    if attempt.outcome != "acknowledged":
        return copies <= 1
    in_place = stored.get(attempt.path) == attempt.sha256 == served.get(attempt.path)
    return in_place and copies == 1


CONTENTS = ["a", "b", "torn", "", None]  # of a path: an upload's, unknown, none, or no entry


def test_every_history_of_two_uploads_is_judged_as_promised() -> None:
    outcomes: list[Outcome] = ["acknowledged", "refused", "unknown"]
    judged = 0
    for first, second in product(outcomes, repeat=2):
        history = (upload("a", first), upload("b", second))
        if "acknowledged" not in (first, second):
            continue
        for contents in product(CONTENTS, repeat=5):
            known = {name: content for name, content in zip("abxAB", contents, strict=True) if content is not None}
            stored = at(**{name: content for name, content in known.items() if name in "abx" and content})
            served = at(**{name.lower(): content for name, content in known.items() if name in "AB"})

            ill = {finding.attempt for finding in check(history, stored=stored, served=served)}

            assert ill == {attempt for attempt in history if not is_well(attempt, stored, served)}, (stored, served)
            judged += 1
    assert judged == 5 * 5**5


def test_a_finding_names_the_upload_its_defect_and_its_path() -> None:
    findings = check(HISTORY, stored=at(a="half of a", b="b", x="b"), served=at(a="", b="a"))

    assert [str(finding) for finding in findings] == [
        "torn: avatars/a, acknowledged, is stored with content that nobody sent",
        "lost: avatars/a, acknowledged, is not served",
        "duplicated: avatars/b, acknowledged, is stored 2 times: avatars/b, avatars/x",
        "swapped: avatars/b, acknowledged, is served with the content of another upload",
    ]


def test_an_upload_that_was_never_read_is_reported_as_such() -> None:
    (finding,) = check((A,), stored=at(a="a"), served={})

    assert finding.seen == "was never asked for: it is unknown whether it is served"


def test_of_very_many_copies_the_first_are_named() -> None:
    (finding,) = check((A,), stored=at(**dict.fromkeys("abcdef", "a")))

    assert finding.seen == f"is stored 6 times: {', '.join(f'avatars/{name}' for name in 'abcde')}"


def test_an_upload_without_a_path_is_named_by_its_content() -> None:
    unknown = UploadAttempt("0123456789abcdef" * 4, 0.0, 1.0, "unknown")
    (finding,) = check((A, unknown), stored=at(a="a") | {"x": unknown.sha256, "y": unknown.sha256})

    assert str(finding) == "duplicated: 0123456789ab, unknown, is stored 2 times: x, y"


def test_nothing_found_breaks_no_promise() -> None:
    expect_nothing_lost((), HISTORY, event="a storm")


def test_what_is_found_is_counted_and_the_first_are_named() -> None:
    history = [upload(f"{number}") for number in range(9)]
    findings = check(history, stored=at(**{"0": "half", "1": "1"}))

    with pytest.raises(PromiseBroken) as broken:
        expect_nothing_lost(findings, history, event="a storm")

    first = "after a storm, of 9 acknowledged uploads: 7 lost, 1 torn"
    torn = "  torn: avatars/0, acknowledged, is stored with content that nobody sent"
    lost = [f"  lost: avatars/{number}, acknowledged, is not stored" for number in range(2, 9)]
    assert broken.value.seen.split("\n") == [first, torn, *lost[:4], "  …"]
    assert broken.value.detail.split("\n") == [first, torn, *lost]
    assert broken.value.means == "the service confirms uploads that are then lost"


@pytest.mark.parametrize(("lost", "shown"), [(1, 1), (5, 5), (6, 5)])
def test_findings_that_are_not_shown_are_counted(lost: int, shown: int) -> None:
    history = [upload(f"{number}") for number in range(lost)]

    with pytest.raises(PromiseBroken) as broken:
        expect_nothing_lost(check(history, stored={}), history, event="a storm")

    assert broken.value.seen.count("lost: ") == shown
    assert broken.value.seen.endswith("\n  …") is (lost > shown)


def test_the_digests_of_a_tree_are_those_of_its_files() -> None:
    assert hashes_by_path(manifest_of(**{"avatars/ação.png": "00", "b": "01"})) == {"avatars/ação.png": "00", "b": "01"}


def test_a_name_in_another_encoding_is_shown_as_python_shows_it() -> None:
    entry = Entry(b"avatars/a\xe7\xe3o.png", "file", 1, "00", 0o644, 0, 0, 0, b"")

    assert hashes_by_path(Manifest({entry.path: entry})) == {os.fsdecode(entry.path): "00"}


def test_outcomes_are_counted_also_where_there_are_none() -> None:
    assert count([A, B, UNKNOWN]) == {"acknowledged": 2, "refused": 0, "unknown": 1}
    assert count([]) == {"acknowledged": 0, "refused": 0, "unknown": 0}


def test_an_upload_that_is_neither_stored_nor_served_is_lost_once() -> None:
    findings = check(HISTORY, stored=at(b="b", c="c", x="c"), served=at(a="", b="b"))

    assert len(findings) == 3
    assert count_defects(findings) == {"lost": 1, "torn": 0, "swapped": 0, "duplicated": 1, "never read": 0}
