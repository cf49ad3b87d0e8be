"""The deploy gate on many servers: each has a run and a verdict of its own, and all of them have one together."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from media_guarantees.core.errors import BadInput
from media_guarantees.core.files import atomic_write
from media_guarantees.core.verdict import MARKS, PROVED, UNPROVEN, combine
from media_guarantees.system import commands

SECONDS = 12 * 3600.0  # of one host's run


@dataclass(frozen=True)
class HostVerdict:
    """The gate's verdict on one host, and the `reason` where it is not proved.

    `folder` holds the reports of all runs on the host, `report` is that of this run. `answered` is whether the run came
    to a verdict at all.
    """

    host: str
    verdict: str
    reason: str
    folder: str
    report: str = ""
    answered: bool = True


def read_hosts(text: str) -> tuple[str, ...]:
    """Return the hosts that `text` lists, separated by commas. Raises `BadInput` for a host that is named twice."""
    hosts = tuple(host.strip() for host in text.split(",") if host.strip())
    if twice := sorted({host for host in hosts if hosts.count(host) > 1}):
        raise BadInput(f"{', '.join(twice)} is named twice among the hosts", "name each host once: HOSTS=web-1,web-2")
    return hosts


def label(host: str) -> str:
    """Return a file name for `host`, which no other host has: "web-1" and "ssh://web-1" may be two servers."""
    if re.fullmatch(r"\w[\w.-]*", host):
        return host
    readable = re.sub(r"[^\w.-]+", "_", host.removeprefix("ssh://")).lstrip(".")
    return f"{readable}-{hashlib.sha256(host.encode()).hexdigest()[:8]}"


def state_of(host: str, state: Path) -> Path:
    """Return the file of `host` that holds what was so before a deploy, beside the one that was asked for."""
    return state.with_name(f"{state.stem}.{label(host)}{state.suffix}")


def judge(host: str, report: Path, command: Sequence[str], *, cwd: Path, env: dict[str, str]) -> HostVerdict:
    """Run the gate on one host by `command`, which leaves its evidence in `report`, and return its verdict.

    A host is unproven where its run took too long, or left no evidence that can be read.
    """

    def unproven(reason: str) -> HostVerdict:
        return HostVerdict(host, UNPROVEN, reason, str(report), answered=False)

    latest = report / "latest" / "guarantees.json"
    before = latest.resolve() if latest.exists() else None
    try:
        ended = commands.run(command, cwd=cwd, env=env, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return unproven(f"its run did not end within {SECONDS / 3600:g} hours")
    if not latest.exists() or latest.resolve() == before:
        return unproven(failure_line(ended))
    try:
        evidence = json.loads(latest.read_text(encoding="utf-8"))
        verdict, reason = verdict_of(evidence)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        return unproven(f"its evidence can't be read: {error!r}")
    return HostVerdict(host, verdict, reason, str(report), str(latest.resolve().parent))


def failure_line(ended: commands.Outcome) -> str:
    """Return why a run left no evidence: pytest's usage error or exit message, else the last line that it wrote.

    pytest writes usage errors on standard error, and all else on standard output.
    """
    said = [stream.decode(errors="replace").splitlines() for stream in (ended.stdout, ended.stderr)]
    lines = [line for stream in said for line in stream if line.strip()]
    telling = [line for line in lines if line.startswith("ERROR: ") or "_pytest.outcomes.Exit: " in line]
    return re.sub(r"^(ERROR: |!+ )|_pytest\.outcomes\.Exit: | !+$", "", (telling or lines or ["it wrote nothing"])[-1])


def verdict_of(evidence: dict[str, Any]) -> tuple[str, str]:
    """Return the verdict that a run's evidence gives its host, and the reason. A run that was cut short proves nothing.

    Raises `LookupError` or `TypeError` for what is no evidence.
    """
    verdict, reason = str(evidence["verdict"]), reason_of(evidence)
    if verdict not in MARKS:
        raise LookupError(verdict)
    if evidence.get("complete", True) is not True:
        return combine([verdict, UNPROVEN]), "; ".join(filter(None, ("its run was cut short", reason)))
    return verdict, reason


def reason_of(evidence: dict[str, Any]) -> str:
    """Return why a run is not proved: its broken guarantees, else its unproven ones, each with its first reason."""
    reasons = []
    for guarantee in evidence["guarantees"]:
        if guarantee["verdict"] == evidence["verdict"] != PROVED:
            messages = (
                test["message"].partition("\n")[0] for test in guarantee["tests"] if test["outcome"] == "failed"
            )
            reasons.append(f"{guarantee['id']}: {guarantee['reason'] or next(messages, '')}")
    return "; ".join(reasons)


def overall(verdicts: Iterable[HostVerdict]) -> str:
    """Return the one verdict for all hosts: broken if one is, else unproven if one is or there is none, else proved."""
    return combine(each.verdict for each in verdicts)


def with_missing(hosts: Iterable[str], verdicts: Iterable[HostVerdict], folder: Path) -> list[HostVerdict]:
    """Return a verdict for each of `hosts`, by name: a host whose run was never finished is unproven."""
    found = {each.host: each for each in verdicts}
    missing = {
        host: HostVerdict(host, UNPROVEN, "its run was not finished", str(folder / label(host)), answered=False)
        for host in hosts
    }
    return [each for _, each in sorted({**missing, **found}.items())]


def write(folder: Path, verdicts: Sequence[HostVerdict]) -> Path:
    """Write ``hosts.json`` into `folder` and return it. It is complete where every host's run came to its end."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "hosts.json"
    content = {
        "verdict": overall(verdicts),
        "complete": bool(verdicts) and all(each.answered for each in verdicts),
        "hosts": [asdict(each) for each in verdicts],
    }
    atomic_write(file, json.dumps(content, indent=2) + "\n", mode=0o644)
    return file
