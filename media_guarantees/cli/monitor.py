"""The last restore drill, for a monitoring system: a line, an exit status, and a file for Prometheus' node exporter.

``media-guarantees monitor REPORTS`` reads the newest restore drill of a live server there. The exit status follows
Nagios' plugin guidelines: 0 OK, 1 warning, 2 critical, 3 unknown. An unproven drill is unknown, never OK.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from media_guarantees.core.files import atomic_write
from media_guarantees.core.verdict import BROKEN, MARKS, PROVED, UNPROVEN, combine

LIVE = "live"  # the kind of engine of a gate or a drill, as the evidence has it
# A drill after a deploy is a part of that gate's run; the other guarantees of the gate say nothing of the backup.
OF_DRILL = ("backup.", "restore.")
RESTORE = "restore.disaster"
CLOCK_SLACK = 300.0  # seconds

# Figures of a drill of an archive that was already there, with their names and texts for Prometheus.
FIGURES = {
    "archive_bytes": ("media_backup_bytes", "The size of the newest backup."),
    "archives_kept": ("media_backup_kept", "How many backups are kept."),
    "rpo_seconds": ("media_backup_rpo_seconds", "How long before the drill the first file came that is not in it."),
    "since_files": ("media_backup_missing_files", "How many files came or changed since it was taken."),
    "since_bytes": ("media_backup_missing_bytes", "The bytes of these."),
    "restore_seconds": ("media_backup_restore_seconds", "How long the guide's restore command took."),
}

OK, WARNING, CRITICAL, UNKNOWN = range(4)
NAMES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")


@dataclass(frozen=True)
class DrillResult:
    """The result of a restore drill. `began` is in seconds since the epoch; `guarantees` holds each one's verdict.

    `reasons` names the guarantees that were not proved, and says so where the run was cut short. `figures` are those of
    a drill of an archive that was already there, as ``guarantees.json`` has them.
    """

    verdict: str
    began: float
    seconds: float
    guarantees: dict[str, str]
    reasons: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


def read_drill(reports: Path) -> DrillResult | None:
    """Return the newest restore drill in a folder of reports, or None without one.

    Other runs leave their evidence in the same folder: a gate that restored nothing, or a run in a sandbox, which
    proves nothing of the live server's backup. They are passed over.
    """
    files = sorted(_evidence_files(reports), key=lambda file: file[0], reverse=True)
    return next(filter(None, (_read_result(file) for _, file in files)), None)


def _evidence_files(reports: Path) -> Iterator[tuple[float, Path]]:
    for file in reports.glob("*/guarantees.json"):
        with suppress(OSError):  # removed while the folder is read
            yield file.stat().st_mtime, file


def _read_result(file: Path) -> DrillResult | None:
    """Read a run's evidence; None for what can't be read, and for a run that was no drill of a live server."""
    try:
        evidence: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        verdicts = {each["id"]: each["verdict"] for each in evidence["guarantees"] if each["id"].startswith(OF_DRILL)}
        if evidence["engine"]["kind"] != LIVE or RESTORE not in verdicts:
            return None
        began = datetime.strptime(evidence["started"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        reasons = [f"{name} {verdict}" for name, verdict in verdicts.items() if verdict != PROVED]
        verdict = combine(verdict if verdict in MARKS else UNPROVEN for verdict in verdicts.values())
        if evidence.get("complete", True) is not True:
            reasons.append("the run was cut short")
            verdict = combine([verdict, UNPROVEN])
        figures = {name: float(value) for name, value in evidence.get("figures", {}).items()}
        return DrillResult(verdict, began.timestamp(), float(evidence["seconds"]), verdicts, tuple(reasons), figures)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def judge(drill: DrillResult | None, *, now: float, max_age: float, since: float = 0.0) -> tuple[int, str]:
    """Return a monitor's status and line. A drill that is older than `max_age` seconds no longer proves anything.

    `since` is when a drill was started just now: an older result must not be mistaken for that drill's.
    """
    if drill is None:
        return UNKNOWN, "no evidence of a restore drill: run make restore-drill"
    if drill.began < since:
        return UNKNOWN, "the restore drill did not run: see last-drill.log among its reports"
    if drill.began > now + CLOCK_SLACK:
        return UNKNOWN, "the restore drill is dated in the future: check this machine's clock"
    hours = (now - drill.began) / 3600
    about = f"{drill.verdict}, {hours:.1f} hours ago" + (f": {', '.join(drill.reasons)}" if drill.reasons else "")
    if drill.verdict == BROKEN:
        return CRITICAL, f"the restore drill is {about}"
    if now - drill.began > max_age:
        return WARNING, f"the last restore drill is too old: {about}"
    if drill.verdict != PROVED:
        return UNKNOWN, f"the restore drill is {about}"
    return OK, f"the backup was restored and is whole: {about}"


def performance(drill: DrillResult | None, *, now: float) -> str:
    """Return what Nagios' plugin guidelines call performance data: ages in seconds as of now, sizes in bytes."""
    if drill is None:
        return ""
    values = {"drill_age": f"{now - drill.began:.0f}s"}
    if "archive_age_seconds" in drill.figures:
        values["archive_age"] = f"{now - _taken(drill):.0f}s"
    for name, figure, unit in (("rpo", "rpo_seconds", "s"), ("archive_size", "archive_bytes", "B")):
        if figure in drill.figures:
            values[name] = f"{drill.figures[figure]:.0f}{unit}"
    return " | " + " ".join(f"{name}={value}" for name, value in values.items())


def _taken(drill: DrillResult) -> float:
    """Return when the newest archive was taken, in seconds since the epoch."""
    return drill.began - drill.figures["archive_age_seconds"]


def metrics(drill: DrillResult | None, *, now: float, last_success: float) -> str:
    """Return the drill in Prometheus' text format; `last_success` is when a drill was last proved, 0 for never."""
    rows = [
        *_gauge(
            "media_restore_drill_last_success_timestamp_seconds",
            "When a restore drill was last proved; 0 for never.",
            f"{last_success:.0f}",
        ),
        *_gauge("media_restore_drill_checked_timestamp_seconds", "When the evidence was last read.", f"{now:.0f}"),
    ]
    if drill is not None:
        rows += [
            *_gauge(
                "media_restore_drill_last_run_timestamp_seconds",
                "When the last restore drill began.",
                f"{drill.began:.0f}",
            ),
            *_gauge("media_restore_drill_seconds", "How long it took.", f"{drill.seconds:.1f}"),
            *_of_archive(drill),
            *_gauge("media_restore_drill_proved", "Whether each guarantee was proved by it (1) or not (0)."),
            *(
                f'media_restore_drill_proved{{guarantee="{name}",verdict="{verdict}"}} {int(verdict == PROVED)}'
                for name, verdict in drill.guarantees.items()
            ),
        ]
    return "\n".join(rows) + "\n"


def _of_archive(drill: DrillResult) -> Iterator[str]:
    if "archive_age_seconds" in drill.figures:
        yield from _gauge(
            "media_backup_taken_timestamp_seconds", "When the newest backup was taken.", f"{_taken(drill):.0f}"
        )
    for figure, (name, text) in FIGURES.items():
        if figure in drill.figures:
            yield from _gauge(name, text, f"{drill.figures[figure]:.10g}")


def _gauge(name: str, text: str, *values: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} gauge"
    yield from (f"{name} {value}" for value in values)


def last_success(file: Path, drill: DrillResult | None) -> float:
    """Return when a drill was last proved: the last one, or what an earlier metrics file says."""
    if drill is not None and drill.verdict == PROVED:
        return drill.began
    try:
        rows = (row.split() for row in file.read_text(encoding="utf-8").splitlines() if not row.startswith("#"))
        values = {row[0]: float(row[1]) for row in rows if len(row) == 2}
    except (OSError, ValueError):
        return 0.0
    return values.get("media_restore_drill_last_success_timestamp_seconds", 0.0)


def write_metrics(file: Path, text: str) -> None:
    """Write a file of metrics in one step: the exporter must never read a part of it."""
    atomic_write(file, text, mode=0o644)


def main(arguments: Sequence[str]) -> int:
    """Report the last drill and write its metrics; return an exit status for a monitoring system."""
    parser = argparse.ArgumentParser(prog="media-guarantees monitor", description=__doc__)
    parser.add_argument("reports", type=Path, help="the folder in which `make restore-drill` left its reports")
    parser.add_argument(
        "--max-age-hours", type=float, default=26.0, help="a drill older than this no longer proves anything"
    )
    parser.add_argument(
        "--since", type=float, default=0.0, help="the earliest start of the drill to report, in seconds since 1970"
    )
    parser.add_argument("--metrics", type=Path, help="a file for Prometheus' node exporter, written in one step")
    asked = parser.parse_args(arguments)
    drill, now = read_drill(asked.reports), time.time()
    status, line = judge(drill, now=now, max_age=asked.max_age_hours * 3600, since=asked.since)
    try:
        if asked.metrics:
            write_metrics(asked.metrics, metrics(drill, now=now, last_success=last_success(asked.metrics, drill)))
    except OSError as error:
        sys.stderr.write(f"{asked.metrics} can't be written: {error}\n  hint: name a file in a folder of yours\n")
        status = max(status, WARNING)
    sys.stdout.write(f"MEDIA {NAMES[status]} - {line}{performance(drill, now=now)}\n")
    return status
