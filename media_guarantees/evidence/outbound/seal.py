"""The statement about a run, written last: it holds the digest of the report, and is signed if a key was named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from media_guarantees.core.files import sha256_of
from media_guarantees.evidence.formats import bundle
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.judgement import Judgement
from media_guarantees.evidence.outbound.signature import sign
from media_guarantees.evidence.outbound.statement import as_statement, statement_text
from media_guarantees.evidence.run_summary import RunFacts

STATEMENT_FILE = "statement.json"
SIGNATURE_ENDING = ".sig"


def seal(folder: Path, facts: RunFacts, judgements: Sequence[Judgement], gaps: Gaps, key: Path | None) -> None:
    """Write the statement about the report in `folder`, and its signature if there is a `key`.

    What can't be written or signed becomes one of the `gaps`. The report lists it, so it is written again, and so is
    the statement about it, without a signature.
    """
    known = len(gaps.lines)
    subjects = _subjects(facts, gaps)
    if len(gaps.lines) > known:
        bundle.write_for_programs(folder, facts, judgements, gaps)
    before_writing = len(gaps.lines)
    _write(folder, facts, judgements, gaps, subjects, key)
    if len(gaps.lines) > before_writing:
        bundle.write_for_programs(folder, facts, judgements, gaps)
        _write(folder, facts, judgements, gaps, subjects, None)


def _subjects(facts: RunFacts, gaps: Gaps) -> Mapping[Path, str]:
    """Return the digest of each file that was tested. One that changed during the run is a gap."""
    subjects = dict(facts.subjects)
    for file, digest in facts.subjects.items():
        is_same = False
        with gaps.noted(f"{file.name} could not be read again"):
            is_same = sha256_of(file) == digest
            if not is_same:
                gaps.add(f"{file.name} changed during the run: the statement has its digest from the beginning")
        facts.steady = facts.steady and is_same
    if archive := facts.target.get("archive"):
        with gaps.noted(f"the digest of {archive} could not be taken"):
            if Path(archive).is_file():
                subjects[Path(archive)] = sha256_of(Path(archive))
    return subjects


def _write(
    folder: Path,
    facts: RunFacts,
    judgements: Sequence[Judgement],
    gaps: Gaps,
    subjects: Mapping[Path, str],
    key: Path | None,
) -> None:
    file = folder / STATEMENT_FILE
    signature = folder / (STATEMENT_FILE + SIGNATURE_ENDING)
    with gaps.noted(f"{STATEMENT_FILE} could not be written or signed"):
        signature.unlink(missing_ok=True)  # that of an earlier statement about this run
        report = folder / bundle.FOR_PROGRAMS
        text = statement_text(as_statement(facts, judgements, subjects=subjects, report=report))
        bundle.write_file(file, text)
        if key is not None:
            bundle.write_file(signature, sign(key, text.encode()))
