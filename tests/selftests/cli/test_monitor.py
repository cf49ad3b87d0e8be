"""`monitor` reports the last restore drill; one that is old, missing or unproven is never OK."""

import json
import os
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from media_guarantees.cli.monitor import (
    CRITICAL,
    FIGURES,
    OK,
    UNKNOWN,
    WARNING,
    DrillResult,
    judge,
    last_success,
    main,
    metrics,
    performance,
    read_drill,
)

HOUR = 3600.0
DRILL = DrillResult("proved", 1_767_225_600.0, 12.5, {"backup.created": "proved", "restore.disaster": "proved"})
BROKEN = replace(DRILL, verdict="broken", reasons=("restore.disaster broken",))


def leave(
    reports: Path,
    *verdicts: str,
    run: str = "latest",
    kind: str = "live",
    started: str = "2026-01-01T00:00:00Z",
    **more: object,
) -> Path:
    """Write the evidence of a run on an engine of this `kind`, with verdicts on backup, restore and the rest."""
    ids = ("backup.created", "restore.disaster", "persistence.update")
    evidence = {
        "verdict": verdicts[0],
        "engine": {"kind": kind},
        "started": started,
        "seconds": 12.5,
        "guarantees": [{"id": name, "verdict": verdict} for name, verdict in zip(ids, verdicts, strict=False)],
        **more,
    }
    file = reports / run / "guarantees.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(evidence))
    return file


def test_the_newest_evidence_is_read(tmp_path: Path) -> None:
    leave(tmp_path, "proved", "proved")

    assert read_drill(tmp_path) == DRILL


def monitored(reports: Path) -> tuple[int, str]:
    """Return the output of `monitor` an hour after the drill."""
    return judge(read_drill(reports), now=DRILL.began + HOUR, max_age=26 * HOUR)


@pytest.mark.parametrize("kind", ["live", "private"])
def test_a_proved_run_that_restored_nothing_is_no_drill(tmp_path: Path, kind: str) -> None:
    """Such a run happens before a deploy: it proves only that the media are in a volume."""
    leave(tmp_path, "proved", kind=kind)

    assert monitored(tmp_path) == (UNKNOWN, "no evidence of a restore drill: run make restore-drill")


def test_a_restore_in_a_sandbox_is_no_drill_of_the_live_server(tmp_path: Path) -> None:
    leave(tmp_path, "proved", "proved", kind="private")

    assert monitored(tmp_path)[0] == UNKNOWN


def test_other_runs_after_a_drill_do_not_hide_it(tmp_path: Path) -> None:
    drill = leave(tmp_path, "proved", "proved", run="1")
    os.utime(drill, (1, 1))
    leave(tmp_path, "proved", run="2")

    assert read_drill(tmp_path) == DRILL


def test_the_newer_of_two_drills_counts(tmp_path: Path) -> None:
    os.utime(leave(tmp_path, "proved", "proved", run="9"), (1, 1))
    leave(tmp_path, "proved", "broken", run="1")

    assert monitored(tmp_path)[0] == CRITICAL


def test_a_drill_after_a_deploy_is_judged_by_its_own_guarantees(tmp_path: Path) -> None:
    leave(tmp_path, "proved", "proved", "broken")

    assert monitored(tmp_path)[0] == OK


def test_a_drill_that_was_cut_short_is_never_ok(tmp_path: Path) -> None:
    leave(tmp_path, "proved", "proved", complete=False)

    status, line = monitored(tmp_path)

    assert status == UNKNOWN
    assert "unproven, 1.0 hours ago: the run was cut short" in line


@pytest.mark.parametrize("verdict", ["unproven", "skipped", ""])
def test_a_restore_that_was_not_proved_is_never_ok(tmp_path: Path, verdict: str) -> None:
    leave(tmp_path, "proved", verdict)

    assert monitored(tmp_path)[0] == UNKNOWN


def test_a_drill_of_tomorrow_is_not_ok() -> None:
    status, line = judge(DRILL, now=DRILL.began - HOUR, max_age=26 * HOUR)

    assert (status, "in the future" in line) == (UNKNOWN, True)


@pytest.mark.parametrize("text", [None, "", "{}", "[]", "null", '{"started": "yesterday"}'])
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
        (None, 0, UNKNOWN, "no evidence of a restore drill"),
    ],
)
def test_a_monitor_gets_a_status_and_a_line(drill: DrillResult | None, hours: float, status: int, said: str) -> None:
    seen, line = judge(drill, now=DRILL.began + hours * HOUR, max_age=26 * HOUR)

    assert seen == status
    assert said in line


def test_an_older_drill_is_not_taken_for_the_expected_one() -> None:
    status, line = judge(DRILL, now=DRILL.began + HOUR, max_age=26 * HOUR, since=DRILL.began + 1)

    assert (status, line.partition(":")[0]) == (UNKNOWN, "the restore drill did not run")


def test_metrics_have_age_and_outcome_of_each_guarantee() -> None:
    rows = metrics(BROKEN, now=DRILL.began + HOUR, last_success=7.0).splitlines()

    assert "media_restore_drill_last_success_timestamp_seconds 7" in rows
    assert "media_restore_drill_last_run_timestamp_seconds 1767225600" in rows
    assert 'media_restore_drill_proved{guarantee="backup.created",verdict="proved"} 1' in rows


def test_the_figures_of_an_archive_are_metrics_and_performance_data(tmp_path: Path) -> None:
    figures = {"archive_age_seconds": 7200, "archive_bytes": 486000000, "rpo_seconds": 3600, "restore_seconds": 4.5}
    leave(tmp_path, "proved", "proved", figures=figures)
    drill = read_drill(tmp_path)

    rows = metrics(drill, now=DRILL.began + HOUR, last_success=0.0).splitlines()

    assert "media_backup_taken_timestamp_seconds 1767218400" in rows
    assert "media_backup_bytes 486000000" in rows
    assert "media_backup_rpo_seconds 3600" in rows
    assert "media_backup_restore_seconds 4.5" in rows
    assert performance(drill, now=DRILL.began + HOUR) == (
        " | drill_age=3600s archive_age=10800s rpo=3600s archive_size=486000000B"
    )


def test_a_drill_without_an_archive_has_no_figures_of_one() -> None:
    assert "media_backup" not in metrics(DRILL, now=0.0, last_success=0.0)
    assert performance(DRILL, now=DRILL.began + HOUR) == " | drill_age=3600s"
    assert performance(None, now=0.0) == ""


@pytest.mark.parametrize("figures", [[], "x", {"archive_bytes": "many"}, {"archive_bytes": None}])
def test_figures_that_are_no_numbers_are_no_evidence(tmp_path: Path, figures: object) -> None:
    leave(tmp_path, "proved", "proved", figures=figures)

    assert read_drill(tmp_path) is None


def test_every_metric_has_its_help_and_type() -> None:
    figures = {**dict.fromkeys(FIGURES, 1.0), "archive_age_seconds": 1.0}
    rows = metrics(replace(DRILL, figures=figures), now=0.0, last_success=0.0).splitlines()
    names = {row.partition("{")[0].split()[0] for row in rows if not row.startswith("#")}

    for kind in ("HELP", "TYPE"):
        assert {row.split()[2] for row in rows if row.startswith(f"# {kind} ")} == names


def test_the_last_success_outlives_drills_that_fail(tmp_path: Path) -> None:
    file = tmp_path / "media.prom"
    file.write_text(metrics(DRILL, now=0.0, last_success=last_success(file, DRILL)))

    assert last_success(file, BROKEN) == DRILL.began
    assert last_success(tmp_path / "nothing", BROKEN) == 0.0


def test_it_can_be_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leave(tmp_path, "broken", "broken")
    file = tmp_path / "media.prom"

    status = main([str(tmp_path), f"--metrics={file}"])

    assert status == CRITICAL
    assert capsys.readouterr().out.startswith("MEDIA CRITICAL - the restore drill is broken")
    assert "media_restore_drill_last_success_timestamp_seconds 0" in file.read_text()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("media.prom")] == ["media.prom"]


def test_metrics_that_can_not_be_written_are_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leave(tmp_path, "proved", "proved", started=f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}")

    assert main([str(tmp_path), f"--metrics={tmp_path}/nowhere/media.prom"]) == WARNING

    said = capsys.readouterr()
    assert said.out.startswith("MEDIA WARNING - the backup was restored and is whole")
    assert "nowhere/media.prom can't be written" in said.err
