"""The restore drill as monitors want it: a line and an exit status, and a file for Prometheus' node exporter.

``media-guarantees monitor REPORTS`` looks at the newest evidence there. The exit status is that of
Nagios' plugin guidelines: 0 OK, 1 warning, 2 critical, 3 unknown. What is unproven is unknown, never OK.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from media_guarantees.core.files import atomic_write
from media_guarantees.core.verdict import BROKEN, PROVED

OK, WARNING, CRITICAL, UNKNOWN = range(4)
NAMES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")


@dataclass(frozen=True)
class Drill:
    """The last drill's outcome: its verdict, when it began (seconds since the epoch), and each guarantee's verdict."""

    verdict: str
    began: float
    seconds: float
    guarantees: dict[str, str]
    reasons: tuple[str, ...] = ()


def read_drill(reports: Path) -> Drill | None:
    """Return the newest drill in a folder of reports; None where there is none, or none that can be read."""
    try:
        told: dict[str, Any] = json.loads((reports / "latest" / "guarantees.json").read_text(encoding="utf-8"))
        began = datetime.strptime(told["started"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        verdicts = {each["id"]: each["verdict"] for each in told["guarantees"]}
        reasons = tuple(f"{each['id']} {each['verdict']}" for each in told["guarantees"] if each["verdict"] != PROVED)
        return Drill(told["verdict"], began.timestamp(), float(told["seconds"]), verdicts, reasons)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def judge(drill: Drill | None, *, now: float, max_age: float, since: float = 0.0) -> tuple[int, str]:
    """Return a monitor's status and line. A drill that is older than `max_age` seconds proves nothing any more.

    Where one was tried just now, `since` is when: an older one is not taken for it.
    """
    if drill is None:
        return UNKNOWN, "no restore drill has left evidence"
    if drill.began < since:
        return UNKNOWN, "the restore drill did not come about: see last-drill.log among its reports"
    hours = (now - drill.began) / 3600
    about = f"{drill.verdict}, {hours:.1f} hours ago" + (f": {', '.join(drill.reasons)}" if drill.reasons else "")
    if drill.verdict == BROKEN:
        return CRITICAL, f"the restore drill is {about}"
    if now - drill.began > max_age:
        return WARNING, f"the last restore drill is too old: {about}"
    if drill.verdict != PROVED:
        return UNKNOWN, f"the restore drill is {about}"
    return OK, f"the backup was restored and is whole: {about}"


def metrics(drill: Drill | None, *, now: float, last_success: float) -> str:
    """Return the drill as Prometheus' text format has it; `last_success` is when one was proved last, 0 for never."""
    rows = [
        "# HELP media_restore_drill_last_success_timestamp_seconds When a restore drill was proved last; 0 for never.",
        "# TYPE media_restore_drill_last_success_timestamp_seconds gauge",
        f"media_restore_drill_last_success_timestamp_seconds {last_success:.0f}",
        "# HELP media_restore_drill_checked_timestamp_seconds When somebody looked.",
        "# TYPE media_restore_drill_checked_timestamp_seconds gauge",
        f"media_restore_drill_checked_timestamp_seconds {now:.0f}",
    ]
    if drill is not None:
        rows += [
            "# HELP media_restore_drill_last_run_timestamp_seconds When the last restore drill began.",
            "# TYPE media_restore_drill_last_run_timestamp_seconds gauge",
            f"media_restore_drill_last_run_timestamp_seconds {drill.began:.0f}",
            "# HELP media_restore_drill_seconds How long it took.",
            "# TYPE media_restore_drill_seconds gauge",
            f"media_restore_drill_seconds {drill.seconds:.1f}",
            "# HELP media_restore_drill_proved Whether each guarantee was proved by it (1) or not (0).",
            "# TYPE media_restore_drill_proved gauge",
            *(
                f'media_restore_drill_proved{{guarantee="{name}",verdict="{verdict}"}} {int(verdict == PROVED)}'
                for name, verdict in drill.guarantees.items()
            ),
        ]
    return "\n".join(rows) + "\n"


def last_success(file: Path, drill: Drill | None) -> float:
    """Return when a drill was proved last: the last one, or what an earlier file of metrics says."""
    if drill is not None and drill.verdict == PROVED:
        return drill.began
    try:
        rows = (row.split() for row in file.read_text(encoding="utf-8").splitlines() if not row.startswith("#"))
        told = {row[0]: float(row[1]) for row in rows if len(row) == 2}
    except (OSError, ValueError):
        return 0.0
    return told.get("media_restore_drill_last_success_timestamp_seconds", 0.0)


def write_metrics(file: Path, text: str) -> None:
    """Write a file of metrics in one step: the exporter must never see half of one."""
    atomic_write(file, text, mode=0o644)


def main(arguments: Sequence[str]) -> int:
    """Say how the last drill was, and write its metrics; return an exit status for a monitor."""
    parser = argparse.ArgumentParser(prog="media-guarantees monitor", description=__doc__)
    parser.add_argument("reports", type=Path, help="the folder of reports of `make restore-drill`")
    parser.add_argument("--max-age-hours", type=float, default=26.0, help="older than this proves nothing any more")
    parser.add_argument("--since", type=float, default=0.0, help="when the drill was started that this is about")
    parser.add_argument("--metrics", type=Path, help="a file for Prometheus' node exporter, written in one step")
    asked = parser.parse_args(arguments)
    drill, now = read_drill(asked.reports), time.time()
    status, line = judge(drill, now=now, max_age=asked.max_age_hours * 3600, since=asked.since)
    if asked.metrics:
        write_metrics(asked.metrics, metrics(drill, now=now, last_success=last_success(asked.metrics, drill)))
    sys.stdout.write(f"MEDIA {NAMES[status]} - {line}\n")
    return status
