"""The statement beside a report is about that very report; what can't be stated or signed is listed as missing."""

import json
from pathlib import Path
from typing import Any

import pytest
from fake_run import HELD, facts, judgement
from signing_keys import make_key, needs_ssh_keygen

from media_guarantees.core.errors import BadInput
from media_guarantees.core.files import sha256_of
from media_guarantees.core.verdict import PROVED
from media_guarantees.evidence.formats import bundle
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.outbound import seal as seal_module
from media_guarantees.evidence.outbound.seal import seal
from media_guarantees.evidence.outbound.signature import read_signer
from media_guarantees.evidence.run_summary import RunFacts

JUDGEMENTS = [judgement(PROVED, HELD)]


@pytest.fixture(name="guide")
def _guide(tmp_path: Path) -> Path:
    guide = tmp_path / "guide.md"
    guide.write_text("# Media\n")
    return guide


@pytest.fixture(name="run")
def _run(guide: Path) -> RunFacts:
    return facts(subjects={guide: sha256_of(guide)})


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "1"


def sealed(folder: Path, run: RunFacts, key: Path | None = None) -> dict[str, Any]:
    """Write a report and seal it; return the statement, which must be about the report that is there."""
    gaps = Gaps(lines=run.gaps)
    bundle.write(folder, run, JUDGEMENTS, gaps)
    seal(folder, run, JUDGEMENTS, gaps, key)
    statement: dict[str, Any] = json.loads((folder / "statement.json").read_text())
    about = statement["predicate"]["mediaGuarantees"]["report"]
    assert about["digest"]["sha256"] == sha256_of(folder / about["name"]), "it is about another report"
    return statement


def gaps_in_the_report(folder: Path) -> list[str]:
    found: list[str] = json.loads((folder / "guarantees.json").read_text())["gaps"]
    return found


def test_a_run_without_a_key_has_a_statement_without_a_signature(folder: Path, run: RunFacts) -> None:
    assert sealed(folder, run)["predicate"]["result"] == "PASSED"
    assert not (folder / "statement.json.sig").exists()
    assert run.gaps == []


@needs_ssh_keygen
def test_with_a_key_it_is_signed(tmp_path: Path, folder: Path, run: RunFacts) -> None:
    sealed(folder, run, make_key(tmp_path))

    content = (folder / "statement.json").read_bytes()
    assert read_signer(content, folder / "statement.json.sig", None).key.startswith("ED25519 key ")


@needs_ssh_keygen
def test_a_run_that_turns_out_incomplete_is_signed_again_and_did_not_pass(
    tmp_path: Path, folder: Path, run: RunFacts
) -> None:
    key = make_key(tmp_path)
    sealed(folder, run, key)
    run.stopped = "an internal error"

    statement = sealed(folder, run, key)

    assert (statement["predicate"]["result"], statement["predicate"]["mediaGuarantees"]["complete"]) == (
        "FAILED",
        False,
    )
    assert read_signer((folder / "statement.json").read_bytes(), folder / "statement.json.sig", None)


def test_a_signature_that_fails_is_a_line_of_the_report_and_leaves_no_older_one(
    folder: Path, run: RunFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise BadInput("the agent is gone", "unlock it")

    monkeypatch.setattr(seal_module, "sign", refuse)
    folder.mkdir(parents=True)
    (folder / "statement.json.sig").write_text("of another statement")

    sealed(folder, run, Path("key"))

    assert not (folder / "statement.json.sig").exists()
    assert gaps_in_the_report(folder) == [
        "statement.json could not be written or signed: BadInput: the agent is gone hint: unlock it"
    ]


def test_a_guide_that_changed_during_the_run_is_a_warning(
    tmp_path: Path, folder: Path, guide: Path, run: RunFacts
) -> None:
    (tmp_path / "compose.yml").touch()
    run.subjects[tmp_path / "compose.yml"] = sha256_of(tmp_path / "compose.yml")
    before = run.subjects[guide]
    guide.write_text("# Other media\n")

    statement = sealed(folder, run)

    assert statement["predicate"]["result"] == "WARNED", "the compose file that stayed the same doesn't make up for it"
    assert statement["subject"][0]["digest"]["sha256"] == before
    assert gaps_in_the_report(folder) == [
        "guide.md changed during the run: the statement has its digest from the beginning"
    ]


def test_a_guide_that_is_gone_at_the_end_is_a_warning(folder: Path, guide: Path, run: RunFacts) -> None:
    guide.unlink()

    assert sealed(folder, run)["predicate"]["result"] == "WARNED"
    assert gaps_in_the_report(folder) == ["guide.md could not be read again: No such file or directory"]


def test_an_archive_that_was_tried_is_a_subject(tmp_path: Path, folder: Path, run: RunFacts) -> None:
    archive = tmp_path / "media_backup_20261122.tar.gz"
    archive.write_bytes(b"an archive")
    run.target["archive"] = str(archive)

    subjects = {each["name"]: each["digest"]["sha256"] for each in sealed(folder, run)["subject"]}

    assert subjects[archive.name] == sha256_of(archive)


def test_a_folder_of_archives_is_none(tmp_path: Path, folder: Path, run: RunFacts) -> None:
    run.target["archive"] = str(tmp_path)

    assert len(sealed(folder, run)["subject"]) == 1
