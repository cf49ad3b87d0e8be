"""Many servers: each has its own verdict, one that doesn't answer is unproven, and one verdict covers all."""

import json
import os
import sys
from pathlib import Path

import pytest

from media_guarantees.core.errors import BadInput
from media_guarantees.gate import fleet
from media_guarantees.gate.fleet import (
    HostVerdict,
    failure_line,
    judge,
    label,
    overall,
    read_hosts,
    reason_of,
    state_of,
    verdict_of,
    with_missing,
    write,
)
from media_guarantees.system.commands import Outcome

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
    assert label("ssh://root@web-2:22").startswith("root_web-2_22-")
    assert state_of("web-1", Path("/a/before.media")) == Path("/a/before.web-1.media")


def test_no_two_hosts_share_a_name_of_files() -> None:
    hosts = ["web-1", "ssh://web-1", "ssh_web-1", "web_1", "ssh://web/1", "ssh://web:1", "tcp://web:1", ".", "..", "-x"]

    labels = [label(host) for host in hosts]

    assert len(set(labels)) == len(hosts)
    assert [name for name in labels if "/" in name or name.startswith((".", "_"))] == [], "it must be a file of its own"


def run(report: Path, script: str) -> HostVerdict:
    """Judge a host by a program in place of the gate."""
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


CONFTEST = """
import pytest

def pytest_configure(config):
    {configure}

@pytest.fixture
def engine():
    {fixture}
"""


@pytest.mark.parametrize(
    ("configure", "fixture", "reason"),
    [
        ("raise pytest.UsageError('there is no guide\\n  hint: name one')", "pass", "there is no guide"),
        ("pass", "pytest.exit('no engine answers', returncode=4)", "no engine answers"),
    ],
    ids=["usage error", "exit"],
)
def test_why_a_real_pytest_did_not_run_is_reported_in_a_line(
    tmp_path: Path, configure: str, fixture: str, reason: str
) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.format(configure=configure, fixture=fixture))
    (tmp_path / "test_it.py").write_text("def test_it(engine):\n    pass\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)]

    seen = judge("web-1", tmp_path / "report", command, cwd=tmp_path, env={"PATH": os.environ["PATH"]})

    assert (seen.verdict, seen.reason) == ("unproven", reason)


def test_a_run_without_a_word_is_said_to_have_none() -> None:
    assert failure_line(Outcome((), 1, b"", b" \n", 0.0)) == "it wrote nothing"


def test_a_run_that_takes_too_long_is_unproven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "SECONDS", 0.01)

    seen = run(tmp_path / "web-1", "import time; time.sleep(60)")

    assert (seen.verdict, seen.answered) == ("unproven", False)
    assert "did not end within" in seen.reason


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"verdict": "fine", "guarantees": []}', '{"verdict": "proved"}']
)
def test_what_is_no_evidence_is_unproven(tmp_path: Path, text: str) -> None:
    seen = run(tmp_path / "web-1", LEAVE + f'(run / "guarantees.json").write_text({text!r})')

    assert (seen.verdict, seen.answered) == ("unproven", False)
    assert "its evidence can't be read" in seen.reason


@pytest.mark.parametrize(("verdict", "expected"), [("proved", "unproven"), ("broken", "broken")])
def test_a_run_that_was_cut_short_proves_nothing(verdict: str, expected: str) -> None:
    seen, reason = verdict_of({"verdict": verdict, "complete": False, "guarantees": []})

    assert (seen, reason) == (expected, "its run was cut short")


def test_why_a_host_is_unproven_is_reported_by_its_guarantees() -> None:
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
        "complete": True,
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


def test_a_host_whose_run_was_never_finished_is_not_forgotten(tmp_path: Path) -> None:
    finished = HostVerdict("web-2", "proved", "", "reports/web-2", "reports/web-2/1")

    every = with_missing(("web-2", "web-1"), [finished], tmp_path)

    assert [(each.host, each.verdict, each.answered) for each in every] == [
        ("web-1", "unproven", False),
        ("web-2", "proved", True),
    ]
    assert not json.loads(write(tmp_path, every).read_text())["complete"]
