"""``guarantees.junit.xml``: a case for each guarantee, as GitLab and others show them beside a merge request.

pytest's own ``junit.xml`` has a case for each test. Here a broken guarantee is a failure, an unproven one is skipped,
or fails where it fails the run; the file of each is the guide, which GitLab links to.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import datetime, timezone

from media_guarantees.core.escaping import printable
from media_guarantees.core.verdict import BROKEN, PROVED
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.run_summary import RunFacts, explain


def as_junit(facts: RunFacts, judgements: Sequence[Judgement]) -> str:
    """Return the document."""
    cases = [_case(judgement, facts) for judgement in judgements]
    if not facts.complete:
        cases.append(_incomplete_case(facts))
    root = ET.Element("testsuites")
    suite = ET.SubElement(
        root,
        "testsuite",
        name="media guarantees",
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=f"{facts.seconds:.3f}",
        timestamp=datetime.fromtimestamp(facts.started, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S"),
    )
    suite.extend(cases)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _incomplete_case(facts: RunFacts) -> ET.Element:
    """A case with an error: the cases of a run that was cut short are not all."""
    case = ET.Element("testcase", classname="run", name="The run is complete", time="0.000")
    ET.SubElement(case, "error", message=printable(f"incomplete: {facts.cut_short}"))
    return case


def _case(judgement: Judgement, facts: RunFacts) -> ET.Element:
    guarantee, verdict = judgement.guarantee, judgement.verdict
    seconds = sum(test.seconds for test in judgement.tests)
    case = ET.Element(
        "testcase", classname=guarantee.identifier, name=printable(guarantee.title), time=f"{seconds:.3f}"
    )
    if judgement.promise:
        case.set("file", printable(str(judgement.promise.source)))
        case.set("line", str(judgement.promise.line))
    if verdict != PROVED:
        said = "\n".join(explain(judgement, facts.command)) if verdict == BROKEN else judgement.reason
        kind = "failure" if facts.fails(judgement) else "skipped"
        outcome = ET.SubElement(case, kind, message=printable(f"{verdict}: {said}".split("\n")[0]))
        outcome.text = printable(said)
    if seen := dict.fromkeys(line for test in judgement.tests for line in test.evidence):
        ET.SubElement(case, "system-out").text = printable("\n".join(seen))
    return case
