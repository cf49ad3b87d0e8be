"""``results.sarif``: broken promises at their lines of the guide, for GitHub's code scanning and for editors.

The format is the OASIS standard SARIF 2.1.0. Each guarantee is a rule, each broken promise a result. Files are named by
their paths in the repository: what is shown to others says nothing about the machine that ran the tests.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

from media_guarantees import __version__
from media_guarantees.core.escaping import printable, shortened
from media_guarantees.core.paths import ROOT
from media_guarantees.core.verdict import BROKEN
from media_guarantees.evidence.catalogue import Guarantee
from media_guarantees.evidence.formats.source_files import name_in_repository, repository_of, without_folders
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.run_summary import RunFacts, explain, parts_of

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MESSAGE_LIMIT = 4_000
# The location says where the promise is; the command that repeats a test names folders of this machine.
_NOT_IN_MESSAGES = ("promised", "again")


def as_sarif(facts: RunFacts, judgements: Sequence[Judgement]) -> str:
    """Return the log of one run, as JSON."""
    rules = [judgement.guarantee for judgement in judgements]
    run = {
        "tool": {
            "driver": {
                "name": "media-guarantees",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(guarantee) for guarantee in rules],
            }
        },
        "automationDetails": {"id": "media-guarantees/"},
        "invocations": [_invocation(facts)],
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository"}}},
        "results": [
            _result(facts, judgement, number)
            for number, judgement in enumerate(judgements)
            if judgement.verdict == BROKEN
        ],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(guarantee: Guarantee) -> dict[str, Any]:
    return {
        "id": guarantee.identifier,
        "shortDescription": {"text": f"{guarantee.title}."},
        "fullDescription": {"text": f"If this promise is broken: {guarantee.means}."},
        "help": {"text": f"{guarantee.title}.\nIf this promise is broken: {guarantee.means}."},
        "defaultConfiguration": {"level": "warning" if guarantee.beyond else "error"},
        "properties": {"tags": ["media", guarantee.identifier.partition(".")[0]]},
    }


def _invocation(facts: RunFacts) -> dict[str, Any]:
    """How the run went. One that was cut short was no success, whatever it found."""
    notes = [("error", f"The run is incomplete: {facts.cut_short}")] if not facts.complete else []
    notes += [("warning", f"Evidence could not be gathered: {line}") for line in facts.gaps]
    return {
        "executionSuccessful": facts.complete,
        "startTimeUtc": _time(facts.started),
        "endTimeUtc": _time(facts.started + facts.seconds),
        "toolExecutionNotifications": [{"level": level, "message": _message(facts, text)} for level, text in notes],
    }


def _result(facts: RunFacts, judgement: Judgement, rule: int) -> dict[str, Any]:
    said = [f"{name}: {text}" for name, text in _parts(facts, judgement)]
    return {
        "ruleId": judgement.guarantee.identifier,
        "ruleIndex": rule,
        "level": "error" if facts.fails(judgement) else "warning",
        "message": _message(facts, "\n".join(said) or f"{judgement.guarantee.title}: broken"),
        "locations": [_location(facts, judgement)],
    }


def _parts(facts: RunFacts, judgement: Judgement) -> Iterator[tuple[str, str]]:
    return (part for part in parts_of(explain(judgement, facts.command)) if part[0] not in _NOT_IN_MESSAGES)


def _location(facts: RunFacts, judgement: Judgement) -> dict[str, Any]:
    """Where the guide makes the promise; its first line where it doesn't: code scanning wants a place for each."""
    promise = judgement.promise
    file = promise.source if promise else Path(str(facts.target["guide"]).split(os.pathsep)[0])
    uri = quote(os.fsencode(name_in_repository(file)))
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": promise.line if promise else 1},
        }
    }


def _message(facts: RunFacts, text: str) -> dict[str, str]:
    """Return a message of plain text, in which nothing is a placeholder (`{0}`) or a link (`[text](place)`)."""
    plain = shortened(printable(without_folders(text, _folders(facts))), MESSAGE_LIMIT)
    braces = plain.replace("{", "{{").replace("}", "}}")
    return {"text": braces.replace("](", "] (")}


def _folders(facts: RunFacts) -> Iterator[Path]:
    """The folders that hold the deployment, its guide and this suite: their names say something of this machine."""
    files = [*str(facts.target["guide"]).split(os.pathsep), *facts.target["compose_files"]]
    for file in map(Path, files):
        yield repository_of(file) or file.parent.resolve()
    yield ROOT


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
