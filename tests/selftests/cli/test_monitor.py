"""A monitor is told the truth about the last restore drill: what is old, missing or unproven is never OK."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from media_guarantees.cli.monitor import (
    CRITICAL,
    OK,
    UNKNOWN,
    WARNING,
    Drill,
    judge,
    last_success,
    main,
    metrics,
    read_drill,
)

HOUR = 3600.0
DRILL = Drill("proved", 1_767_225_600.0, 12.5, {"backup.created": "proved", "restore.disaster": "proved"})
BROKEN = replace(DRILL, verdict="broken", reasons=("restore.disaster broken",))


def leave(reports: Path, verdict: str = "proved", started: str = "2026-01-01T00:00:00Z") -> None:
    """Leave the evidence of a drill."""
    (reports / "latest").mkdir(parents=True, exist_ok=True)
    evidence = {
        "verdict": verdict,
        "started": started,
        "seconds": 12.5,
        "guarantees": [{"id": "backup.created", "verdict": "proved"}, {"id": "restore.disaster", "verdict": verdict}],
    }
    (reports / "latest" / "guarantees.json").write_text(json.dumps(evidence))


def test_the_newest_evidence_is_read(tmp_path: Path) -> None:
    leave(tmp_path)

    assert read_drill(tmp_path) == DRILL


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"started": "yesterday"}'])
def test_what_is_no_evidence_is_no_drill(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "latest").mkdir()
        (tmp_path / "latest" / "guarantees.json").write_text(text)

    assert read_drill(tmp_path) is None


@pytest.mark.parametrize(
    ("drill", "hours", "status", "said"),
    [
        (DRILL, 1, OK, "restored and is whole: proved, 1.0 hours ago"),
        (DRILL, 27, WARNING, "too old: proved, 27.0 hours ago"),
        (BROKEN, 1, CRITICAL, "is broken, 1.0 hours ago: restore.disaster broken"),
        (BROKEN, 27, CRITICAL, "is broken"),
        (replace(DRILL, verdict="unproven"), 1, UNKNOWN, "is unproven"),
        (None, 0, UNKNOWN, "no restore drill has left evidence"),
    ],
)
def test_a_monitor_gets_a_status_and_a_line(drill: Drill | None, hours: float, status: int, said: str) -> None:
    seen, line = judge(drill, now=DRILL.began + hours * HOUR, max_age=26 * HOUR)

    assert seen == status
    assert said in line


def test_an_older_drill_is_not_taken_for_one_that_did_not_come_about() -> None:
    status, line = judge(DRILL, now=DRILL.began + HOUR, max_age=26 * HOUR, since=DRILL.began + 1)

    assert (status, line.partition(":")[0]) == (UNKNOWN, "the restore drill did not come about")


def test_metrics_tell_age_and_outcome_of_each_guarantee() -> None:
    told = metrics(BROKEN, now=DRILL.began + HOUR, last_success=7.0).splitlines()

    assert "media_restore_drill_last_success_timestamp_seconds 7" in told
    assert "media_restore_drill_last_run_timestamp_seconds 1767225600" in told
    assert 'media_restore_drill_proved{guarantee="backup.created",verdict="proved"} 1' in told


def test_every_metric_has_its_help_and_type() -> None:
    told = metrics(DRILL, now=0.0, last_success=0.0).splitlines()
    names = {row.partition("{")[0].split()[0] for row in told if not row.startswith("#")}

    for kind in ("HELP", "TYPE"):
        assert {row.split()[2] for row in told if row.startswith(f"# {kind} ")} == names


def test_the_last_success_outlives_drills_that_fail(tmp_path: Path) -> None:
    file = tmp_path / "media.prom"
    file.write_text(metrics(DRILL, now=0.0, last_success=last_success(file, DRILL)))

    assert last_success(file, BROKEN) == DRILL.began
    assert last_success(tmp_path / "nothing", BROKEN) == 0.0


def test_it_can_be_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leave(tmp_path, verdict="broken")
    file = tmp_path / "media.prom"

    status = main([str(tmp_path), f"--metrics={file}"])

    assert status == CRITICAL
    assert capsys.readouterr().out.startswith("MEDIA CRITICAL - the restore drill is broken")
    assert "media_restore_drill_last_success_timestamp_seconds 0" in file.read_text()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("media.prom")] == ["media.prom"]
