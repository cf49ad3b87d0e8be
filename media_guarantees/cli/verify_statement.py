"""Whether a statement about a run can be relied on: who signed it, and whether the files here are those it is about.

Nothing but the files and ssh-keygen is needed: no network, no engine.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from media_guarantees.core.errors import BadInput
from media_guarantees.core.escaping import printable
from media_guarantees.core.files import sha256_of
from media_guarantees.evidence.outbound.signature import Signer, WrongSignature, read_signer

VERIFIED, REFUSED, UNUSABLE = 0, 1, 2
STATEMENT, TEST_RESULT = "https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/test-result/v0.1"
RESULTS = ("PASSED", "WARNED", "FAILED")
SAME, DIFFERENT, ABSENT = "the same here", "DIFFERENT here", "not here"
_LARGEST = 4 << 20  # bytes of a statement; ours are a few thousand


@dataclass(frozen=True)
class Statement:
    """What is read of a statement: its result, its files with their SHA-256, and a description of the run.

    `report` is the name and the digest of the report beside it.
    """

    content: bytes
    result: str
    subjects: tuple[tuple[str, str], ...]
    about: str
    report: tuple[str, str] | None = None


def main(arguments: Sequence[str]) -> int:
    """Verify the statement that the arguments name, say what was found, and return an exit status."""
    options = _parser().parse_args(arguments)
    file = Path(options.statement)
    try:
        statement = read_statement(file)
        signer = _read_signer(statement, file, options.signers)
    except BadInput as problem:
        sys.stderr.write(f"{printable(str(problem))}\n")
        return REFUSED if isinstance(problem, WrongSignature) else UNUSABLE
    found = [*_compared(statement.subjects, options.folder), *_report(statement, file.parent)]
    sys.stdout.write(f"{file}: {statement.result}, {statement.about}\n")
    sys.stdout.write(f"  {_signed(signer)}\n")
    sys.stdout.writelines(f"  {printable(name)}: {state}\n" for name, state in found)
    status, line = judge(statement, signer, [state for _, state in found], listed=bool(options.signers))
    sys.stdout.write(f"{line}\n")
    return status


def _read_signer(statement: Statement, file: Path, signers: Path | None) -> Signer | None:
    """Return who signed the statement in `file`; None for one without a signature, where no signers are listed."""
    signature = file.with_name(f"{file.name}.sig")
    if signature.exists():
        return read_signer(statement.content, signature, signers)
    if signers:
        raise BadInput(f"{file} is not signed: there is no {signature}", "get the signature from where it was made")
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="media-guarantees verify-statement",
        description=__doc__,
        epilog="exit status: 0 verified, and nothing failed in the run; 1 not so; 2 it can't be judged",
    )
    parser.add_argument("statement", metavar="STATEMENT", help="the statement.json of a report")
    parser.add_argument("--signers", type=Path, metavar="FILE", help="who may sign, as in ssh-keygen's ALLOWED SIGNERS")
    parser.add_argument(
        "--folder", type=Path, action="append", help="where the files that were tested are (default: here); repeatable"
    )
    return parser


def read_statement(file: Path) -> Statement:
    """Read a statement about a run. Raises `BadInput` for what is none."""
    if not file.is_file():
        raise BadInput(f"there is no statement {file}", "name the statement.json of a report: STATEMENT=…")
    try:
        with file.open("rb") as stream:
            return _parsed(stream.read(_LARGEST))
    except OSError as error:
        raise BadInput(f"{file} can't be read: {error.strerror}", "run this as a user who may read it") from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(
            f"{file} is no in-toto statement with the result of a test: {error!r}", "name a report's statement.json"
        ) from error


def _parsed(content: bytes) -> Statement:
    """Read the parts of a statement; an exception of any kind means that it is none."""
    read: dict[str, Any] = json.loads(content)
    if (read["_type"], read["predicateType"]) != (STATEMENT, TEST_RESULT):
        raise ValueError(read["predicateType"])
    predicate = read["predicate"]
    result = RESULTS[RESULTS.index(predicate["result"])]
    subjects = tuple((str(each["name"]), str(each["digest"]["sha256"])) for each in read["subject"])
    if not subjects:
        raise ValueError("it is about no file")
    counts = [len(predicate[f"{result.lower()}Tests"]) for result in RESULTS]
    ours = predicate["mediaGuarantees"]
    about = (
        f"{counts[0]} promises proved, {counts[1]} with a warning, {counts[2]} failed; "
        f"media-guarantees {ours['version']}, {ours['started']} to {ours['finished']}"
    )
    if ours["complete"] is not True:
        about += f"; the run was cut short: {ours['reason']}"
    report = (str(ours["report"]["name"]), str(ours["report"]["digest"]["sha256"]))
    return Statement(content, result, subjects, printable(about).replace("\n", " "), report)


def _compared(subjects: Sequence[tuple[str, str]], folders: Sequence[Path] | None) -> Iterator[tuple[str, str]]:
    """Yield each file that was tested, and whether it is the same in one of the folders."""
    for name, digest in subjects:
        states = [_state(folder, name, digest) for folder in folders or [Path()]]
        yield name, next((state for state in (SAME, DIFFERENT) if state in states), ABSENT)


def _report(statement: Statement, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield whether the report beside the statement is the one that it was made with; nothing where there is none."""
    if statement.report:
        name, digest = statement.report
        if (state := _state(folder, name, digest)) != ABSENT:
            yield name, state


def _state(folder: Path, name: str, digest: str) -> str:
    """Compare a file by its digest. A statement may come from anyone: no name in it leads out of the folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        return ABSENT
    file = folder / path
    try:
        return (SAME if sha256_of(file) == digest else DIFFERENT) if file.is_file() else ABSENT
    except OSError:
        return ABSENT


def _signed(signer: Signer | None) -> str:
    if signer is None:
        return "not signed"
    return f"signed by {signer.name}, with {signer.key}" if signer.name else f"signed with {signer.key}"


def judge(statement: Statement, signer: Signer | None, states: Sequence[str], *, listed: bool) -> tuple[int, str]:
    """Return the exit status and the last line. `listed` is whether a list of signers was given."""
    if listed and not (signer and signer.name):
        return REFUSED, "REFUSED: the key that signed it is not in the list of signers."
    if DIFFERENT in states:
        return REFUSED, "REFUSED: it is about other files than those here."
    if ABSENT in states:
        return UNUSABLE, "UNPROVEN: not all files that it is about are here; name their folder: FOLDER=…"
    if signer is None:
        return UNUSABLE, "UNPROVEN: the files are the same, but without a signature anybody may have written it."
    if not signer.name:
        return UNUSABLE, "UNPROVEN: the files are the same. Whose key that is, a list of signers has to say: SIGNERS=…"
    if statement.result == "FAILED":
        return REFUSED, "VERIFIED, and what it says is that the run FAILED."
    return VERIFIED, f"VERIFIED: {signer.name} signed it, and it is about the files here. The run {statement.result}."
