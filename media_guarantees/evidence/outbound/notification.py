"""Messages to other systems at the end of a run: a webhook after a change of the verdict, a heartbeat after success.

Their addresses often hold a token, so they are shown nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.core.verdict import BROKEN, MARKS, PROVED
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.outbound.statement import PASSED, result_of
from media_guarantees.evidence.run_summary import RunFacts, counts

SECONDS = 10.0  # for each answer: a server that hangs must not hold up a run that is over


def check_url(option: str, url: str) -> None:
    """Raise `BadInput` for an address that can't be asked, without a word of it. "" is none, and fine."""
    is_usable = False
    with suppress(ValueError):  # a port that is no number, a bracket without its other half
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    if url and not is_usable:
        raise BadInput(f"{option} is no address that begins with https:// or http://", f"give {option}=https://…")


def send(
    folder: Path, facts: RunFacts, judgements: Sequence[Judgement], gaps: Gaps, *, webhook: str, heartbeat: str
) -> None:
    """Send the messages about the run whose report is in `folder`. What can't be sent becomes one of the `gaps`."""
    if webhook:
        with gaps.noted("NOTIFY_URL could not be notified"):
            previous = previous_verdict(folder, facts, judgements)
            if facts.verdict(judgements) != (previous or PROVED):
                _ask("POST", webhook, message(folder, facts, judgements, previous))
    if heartbeat and result_of(facts, judgements) == PASSED:
        with gaps.noted("HEARTBEAT_URL could not be asked"):
            _ask("GET", heartbeat)


def previous_verdict(folder: Path, facts: RunFacts, judgements: Iterable[Judgement]) -> str:
    """Return the verdict of the last run before the one in `folder`, beside it; "" without one.

    Other runs may have left their reports there: it must be of the same target, and judge the same guarantees.
    """
    asked = sorted(judgement.guarantee.identifier for judgement in judgements)
    for other in sorted(folder.parent.glob("*/guarantees.json"), reverse=True):
        if other.parent.is_symlink() or other.parent.name >= folder.name:  # `latest`, and this run
            continue
        with suppress(OSError, ValueError, LookupError, TypeError):  # being written, removed, or of another program
            found = json.loads(other.read_text(encoding="utf-8"))
            is_same = found["target"] == facts.target and sorted(each["id"] for each in found["guarantees"]) == asked
            if is_same and found["verdict"] in MARKS:
                return str(found["verdict"])
    return ""


def message(folder: Path, facts: RunFacts, judgements: Sequence[Judgement], previous: str) -> Mapping[str, Any]:
    """Return what the webhook is sent. `text` is what Slack and programs like it show."""
    verdict = facts.verdict(judgements)
    broken = [judgement.guarantee.identifier for judgement in judgements if judgement.verdict == BROKEN]
    where = " on ".join(filter(None, (str(facts.target["service"]), str(facts.target.get("server", "")))))
    change = f"{verdict}, after {previous}" if previous else verdict
    return {
        "text": journal.redact(f"media guarantees of {where}: {change}; {counts(judgements)}"),
        "verdict": verdict,
        "previous": previous or None,
        "complete": facts.complete,
        "reason": journal.redact(facts.stopped),
        "broken": broken,
        "started": datetime.fromtimestamp(facts.started, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "report": folder.name,
    }


def _ask(method: str, url: str, content: Mapping[str, Any] | None = None) -> None:
    """Send one request; raise an error that doesn't name the address, where it is not accepted."""
    import requests  # noqa: PLC0415 - needed only where an address is given, and at the very end

    try:
        answer = requests.request(method, url, json=content, timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise OSError(f"no answer ({type(error).__name__})") from None
    if not answer.ok or answer.is_redirect:
        raise OSError(f"it answered with HTTP status {answer.status_code}")
