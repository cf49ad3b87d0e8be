"""``guarantees.junit.xml``: a case for each guarantee, as GitLab and others show them beside a merge request.

pytest's own ``junit.xml`` has a case for each test. Here the file of each case is the guide, which GitLab links to.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import datetime, timezone

from media_guarantees.core.escaping import printable
from media_guarantees.evidence.formats.cases import ERROR, FAILURE, PASSED, SKIPPED, Case, cases_of
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.run_summary import RunFacts


def as_junit(facts: RunFacts, judgements: Sequence[Judgement]) -> str:
    """Return the document."""
    cases = list(cases_of(facts, judgements))
    kinds = [case.kind for case in cases]
    root = ET.Element("testsuites")
    suite = ET.SubElement(
        root,
        "testsuite",
        name="media guarantees",
        tests=str(len(cases)),
        failures=str(kinds.count(FAILURE)),
        errors=str(kinds.count(ERROR)),
        skipped=str(kinds.count(SKIPPED)),
        time=f"{facts.seconds:.3f}",
        timestamp=datetime.fromtimestamp(facts.started, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S"),
    )
    suite.extend(map(_element, cases))
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _element(case: Case) -> ET.Element:
    element = ET.Element("testcase", classname=case.group, name=case.name, time=f"{case.seconds:.3f}")
    promise = case.judgement.promise if case.judgement else None
    if promise:
        element.set("file", printable(str(promise.source)))
        element.set("line", str(promise.line))
    if case.kind != PASSED:
        outcome = ET.SubElement(element, case.kind, message=case.message)
        outcome.text = case.explanation or None
    if case.evidence:
        ET.SubElement(element, "system-out").text = "\n".join(case.evidence)
    return element
