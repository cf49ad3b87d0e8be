"""Many servers: each has a verdict of its own, one that doesn't answer is unproven, and all of them have one."""

import json
import sys
from pathlib import Path

import pytest

from media_guarantees.core.errors import BadInput
from media_guarantees.gate.fleet import (
    HostVerdict,
    failure_line,
    judge,
    label,
    overall,
    read_hosts,
    reason_of,
    state_of,
    write,
)

EVIDENCE = {
    "verdict": "broken",
    "guarantees": [
        {"id": "volume.mounted", "verdict": "proved", "reason": "", "tests": []},
        {
            "id": "persistence.update",
            "verdict": "broken",
            "reason": "",
            "tests": [
                {"outcome": "passed", "message": ""},
                {"outcome": "failed", "message": "seen: 3 gone\nmeans: they are lost"},
            ],
        },
    ],
}


def test_hosts_are_listed_with_commas() -> None:
    assert read_hosts("web-1, ssh://root@web-2:22 ,") == ("web-1", "ssh://root@web-2:22")
    assert read_hosts("") == ()


def test_a_host_is_named_once() -> None:
    with pytest.raises(BadInput, match="web-1 is named twice"):
        read_hosts("web-1,web-2,web-1")


def test_each_host_has_files_of_its_own() -> None:
    assert label("ssh://root@web-2:22") == "root_web-2_22"
    assert state_of("web-1", Path("/a/before.media")) == Path("/a/before.web-1.media")


def run(report: Path, script: str) -> HostVerdict:
    """Judge a host by a program that is said to be the gate."""
    program = f"import pathlib, json\nreport = pathlib.Path({str(report)!r})\n{script}"
    return judge("web-1", report, [sys.executable, "-c", program], cwd=report.parent, env={})


LEAVE = f"""
run = report / "1"
run.mkdir(parents=True)
(run / "guarantees.json").write_text({json.dumps(EVIDENCE)!r})
(report / "latest").unlink(missing_ok=True)
(report / "latest").symlink_to("1")
"""


def test_a_host_is_what_its_own_run_says(tmp_path: Path) -> None:
    report = tmp_path / "web-1"

    assert run(report, LEAVE) == HostVerdict(
        "web-1", "broken", "persistence.update: seen: 3 gone", str(report), str(report / "1")
    )


def test_a_host_that_does_not_answer_is_unproven(tmp_path: Path) -> None:
    seen = run(tmp_path / "web-1", "print('!!! _pytest.outcomes.Exit: no Docker engine answers at web-1 !!!')")

    assert (seen.verdict, seen.reason, seen.answered) == ("unproven", "no Docker engine answers at web-1", False)


def test_what_an_earlier_run_left_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    run(tmp_path / "web-1", LEAVE)

    assert not run(tmp_path / "web-1", "print('no')").answered


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("= test session =\nERROR: there is no guide\n\n", "there is no guide"),
        ("!!!! _pytest.outcomes.Exit: no engine !!!!\n== no tests ran ==", "no engine"),
        ("", "it said nothing"),
    ],
)
def test_why_a_run_did_not_come_about_is_told_in_a_line(said: str, complaint: str) -> None:
    assert failure_line(said) == complaint


def test_why_a_host_is_unproven_is_told_by_its_guarantees() -> None:
    guarantees = [
        {"id": "a", "verdict": "unproven", "reason": "nothing was deployed", "tests": []},
        {"id": "b", "verdict": "proved", "reason": "", "tests": []},
    ]

    assert reason_of({"verdict": "unproven", "guarantees": guarantees}) == "a: nothing was deployed"
    assert reason_of({"verdict": "proved", "guarantees": guarantees}) == ""


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["proved", "proved"], "proved"),
        (["proved", "unproven"], "unproven"),
        (["unproven", "broken", "proved"], "broken"),
        ([], "unproven"),
    ],
)
def test_one_verdict_for_all(verdicts: list[str], expected: str) -> None:
    assert overall(HostVerdict("h", verdict, "", "") for verdict in verdicts) == expected


def test_the_verdicts_are_written_for_other_programs(tmp_path: Path) -> None:
    file = write(tmp_path / "reports", [HostVerdict("web-1", "proved", "", "reports/web-1", "reports/web-1/1")])

    assert json.loads(file.read_text()) == {
        "verdict": "proved",
        "hosts": [
            {
                "host": "web-1",
                "verdict": "proved",
                "reason": "",
                "folder": "reports/web-1",
                "report": "reports/web-1/1",
                "answered": True,
            }
        ],
    }
