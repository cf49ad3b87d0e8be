"""Many servers behind one gate: a run of its own for each, one verdict a host, and one for all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from media_guarantees.core.errors import BadInput
from media_guarantees.core.verdict import PROVED, UNPROVEN, combine
from media_guarantees.system import commands

SECONDS = 12 * 3600.0  # of one host's run


@dataclass(frozen=True)
class HostVerdict:
    """What the gate says of one host; `reason` tells why, where it is not proved.

    `folder` holds the reports of all runs on the host, `report` is that of this one. `answered` is whether it came
    about at all.
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
    """Return a name for files of `host`."""
    return re.sub(r"[^\w.-]+", "_", host.removeprefix("ssh://"))


def state_of(host: str, state: Path) -> Path:
    """Return the file of `host` that holds what was so before a deploy, beside the one that was asked for."""
    return state.with_name(f"{state.stem}.{label(host)}{state.suffix}")


def judge(host: str, report: Path, command: Sequence[str], *, cwd: Path, env: dict[str, str]) -> HostVerdict:
    """Run the gate on one host by `command`, which leaves its evidence in `report`, and return what it says."""
    latest = report / "latest" / "guarantees.json"
    before = latest.resolve() if latest.exists() else None
    ended = commands.run(command, cwd=cwd, env=env, timeout=SECONDS)
    if not latest.exists() or latest.resolve() == before:
        return HostVerdict(host, UNPROVEN, failure_line(ended.text), str(report), answered=False)
    evidence = json.loads(latest.read_text(encoding="utf-8"))
    return HostVerdict(host, evidence["verdict"], reason_of(evidence), str(report), str(latest.resolve().parent))


def failure_line(said: str) -> str:
    """Return why a run did not come about: what pytest says of its usage or its exit, else its last line."""
    lines = [line for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith("ERROR: ") or "_pytest.outcomes.Exit: " in line]
    return re.sub(r"^(ERROR: |!+ )|_pytest\.outcomes\.Exit: | !+$", "", (telling or lines or ["it said nothing"])[-1])


def reason_of(evidence: dict[str, Any]) -> str:
    """Return why a run is not proved: the broken guarantees, else the unproven ones, with the first reason of each."""
    told = []
    for guarantee in evidence["guarantees"]:
        if guarantee["verdict"] == evidence["verdict"] != PROVED:
            messages = (
                test["message"].partition("\n")[0] for test in guarantee["tests"] if test["outcome"] == "failed"
            )
            told.append(f"{guarantee['id']}: {guarantee['reason'] or next(messages, '')}")
    return "; ".join(told)


def overall(verdicts: Iterable[HostVerdict]) -> str:
    """Return the one verdict for all hosts: broken if one is, else unproven if one is or there is none, else proved."""
    return combine(each.verdict for each in verdicts)


def write(folder: Path, verdicts: Sequence[HostVerdict]) -> Path:
    """Write ``hosts.json`` into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "hosts.json"
    told = {"verdict": overall(verdicts), "hosts": [asdict(each) for each in verdicts]}
    file.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file
