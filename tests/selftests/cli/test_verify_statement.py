"""A statement is verified by its signature and by the files here; in words, offline, and whoever wrote it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from signing_keys import list_signers, make_key, needs_ssh_keygen

from media_guarantees.cli.verify_statement import REFUSED, UNUSABLE, VERIFIED, Statement, judge, main
from media_guarantees.evidence.outbound.signature import Signer, sign

OPS = "ops@example.org"


def digest_of(content: str) -> dict[str, str]:
    return {"sha256": hashlib.sha256(content.encode()).hexdigest()}


def statement(**changes: Any) -> dict[str, Any]:
    """Return a statement about a guide and its report, with changes to the predicate."""
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "docs/guide.md", "digest": digest_of("# Media\n")}],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {
            "result": "PASSED",
            "configuration": [],
            "passedTests": ["volume.mounted"],
            "warnedTests": [],
            "failedTests": [],
            "mediaGuarantees": {
                "version": "1.0.0",
                "complete": True,
                "reason": "",
                "started": "2026-01-01T00:00:00Z",
                "finished": "2026-01-01T00:01:00Z",
                "report": {"name": "guarantees.json", "digest": digest_of("{}\n")},
            },
            **changes,
        },
    }


@pytest.fixture(name="place", autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a guide, and a report beside which the statement is written."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "guide.md").write_text("# Media\n")
    (tmp_path / "guarantees.json").write_text("{}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(place: Path, content: dict[str, Any]) -> None:
    (place / "statement.json").write_text(json.dumps(content))


@pytest.fixture(name="verify")
def _verify(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Verify the statement; return the exit status and all that is printed."""

    def verify(*options: str) -> tuple[int, str]:
        status = main(["statement.json", *options])
        said = capsys.readouterr()
        return status, said.out + said.err

    return verify


@pytest.fixture(name="signers")
def _signers(place: Path) -> str:
    """The list of signers, after a statement that one of them signed."""
    key = make_key(place)
    write(place, statement())
    (place / "statement.json.sig").write_text(sign(key, (place / "statement.json").read_bytes()))
    return str(list_signers(place, **{OPS: key}))


@needs_ssh_keygen
def test_a_signed_statement_about_the_files_here_is_verified(verify: Callable[..., Any], signers: str) -> None:
    status, said = verify(f"--signers={signers}")

    lines = said.splitlines()
    assert status == VERIFIED
    assert lines[0] == (
        "statement.json: PASSED, 1 promises proved, 0 with a warning, 0 failed; "
        "media-guarantees 1.0.0, 2026-01-01T00:00:00Z to 2026-01-01T00:01:00Z"
    )
    assert lines[1].startswith(f"  signed by {OPS}, with ED25519 key SHA256:")
    assert lines[2:] == [
        "  docs/guide.md: the same here",
        "  guarantees.json: the same here",
        f"VERIFIED: {OPS} signed it, and it is about the files here. The run PASSED.",
    ]


@needs_ssh_keygen
@pytest.mark.parametrize("name", ["docs/guide.md", "guarantees.json"])
def test_a_file_that_differs_is_named_and_refused(
    place: Path, verify: Callable[..., Any], signers: str, name: str
) -> None:
    (place / name).write_text("other")

    status, said = verify(f"--signers={signers}")

    assert status == REFUSED
    assert f"  {name}: DIFFERENT here" in said.splitlines()
    assert said.splitlines()[-1].startswith("REFUSED: it is about other files")


@needs_ssh_keygen
def test_a_file_that_is_not_here_is_looked_for_in_the_folders_that_are_named(
    place: Path, verify: Callable[..., Any], signers: str
) -> None:
    (place / "elsewhere").mkdir()
    (place / "docs").rename(place / "elsewhere" / "docs")

    status, said = verify(f"--signers={signers}")
    assert (status, "  docs/guide.md: not here" in said.splitlines()) == (UNUSABLE, True)
    assert "FOLDER=" in said

    assert verify(f"--signers={signers}", "--folder=.", "--folder=elsewhere")[0] == VERIFIED


@needs_ssh_keygen
def test_a_statement_that_was_changed_after_it_was_signed_is_refused(
    place: Path, verify: Callable[..., Any], signers: str
) -> None:
    write(place, statement(result="WARNED"))

    status, said = verify(f"--signers={signers}")

    assert status == REFUSED
    assert "is no signature of this statement" in said


@needs_ssh_keygen
def test_a_signer_who_is_not_listed_is_refused(place: Path, verify: Callable[..., Any], signers: str) -> None:
    list_signers(place, **{OPS: make_key(place, "other")})

    status, said = verify(f"--signers={signers}")

    assert (status, said.splitlines()[-1]) == (
        REFUSED,
        "REFUSED: the key that signed it is not in the list of signers.",
    )


@needs_ssh_keygen
def test_without_a_list_of_signers_it_is_not_known_whose_key_that_is(verify: Callable[..., Any], signers: str) -> None:
    del signers
    status, said = verify()

    assert status == UNUSABLE
    assert "  signed with ED25519 key SHA256:" in said
    assert "SIGNERS=" in said.splitlines()[-1]


def test_a_statement_without_a_signature_proves_nothing(place: Path, verify: Callable[..., Any]) -> None:
    write(place, statement())

    status, said = verify()

    assert status == UNUSABLE
    assert "  not signed" in said.splitlines()
    assert said.splitlines()[-1].startswith("UNPROVEN: the files are the same, but without a signature")


def test_where_signers_are_listed_a_statement_without_a_signature_is_none_of_theirs(
    place: Path, verify: Callable[..., Any]
) -> None:
    write(place, statement())
    (place / "signers").touch()

    status, said = verify("--signers=signers")

    assert (status, "statement.json is not signed" in said) == (UNUSABLE, True)


@pytest.mark.parametrize(
    ("result", "status", "line"),
    [
        ("PASSED", VERIFIED, f"VERIFIED: {OPS} signed it, and it is about the files here. The run PASSED."),
        ("WARNED", VERIFIED, f"VERIFIED: {OPS} signed it, and it is about the files here. The run WARNED."),
        ("FAILED", REFUSED, "VERIFIED, and what it says is that the run FAILED."),
    ],
)
def test_a_verified_failure_is_no_success(result: str, status: int, line: str) -> None:
    found = Statement(b"", result, (("a", "b"),), "")

    assert judge(found, Signer("key", OPS), ["the same here"], listed=True) == (status, line)


def test_a_run_that_was_cut_short_is_said_to_be(place: Path, verify: Callable[..., Any]) -> None:
    cut = statement(result="FAILED")
    cut["predicate"]["mediaGuarantees"].update(complete=False, reason="interrupted by\nCtrl-C\x1b[31m")
    write(place, cut)

    assert "; the run was cut short: interrupted by Ctrl-C\n" in verify()[1]


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "docs/../../secret", "nul\0"])
def test_no_name_in_a_statement_leads_out_of_the_folder(
    place: Path, verify: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (place / "secret").write_text("secret")
    monkeypatch.chdir(place / "docs")
    write(place / "docs", {**statement(), "subject": [{"name": name, "digest": digest_of("secret")}]})

    status, said = verify()

    assert status == UNUSABLE
    assert ": not here\n" in said


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        "\ufeff{}",
        json.dumps({**statement(), "subject": []}),
        json.dumps({**statement(), "predicateType": "https://slsa.dev/provenance/v1"}),
        json.dumps({**statement(), "predicate": {"result": "PASSED"}}),
        json.dumps(statement(result="passed")),
    ],
    ids=range(9),
)
def test_what_is_no_statement_is_refused_in_words(place: Path, verify: Callable[..., Any], content: str) -> None:
    (place / "statement.json").write_text(content)

    status, said = verify()

    assert status == UNUSABLE
    assert said.startswith("statement.json is no in-toto statement with the result of a test: ")
    assert "  hint: " in said


def test_a_statement_that_is_not_there_is_reported(verify: Callable[..., Any]) -> None:
    status, said = verify()

    assert (status, said.splitlines()[0]) == (UNUSABLE, "there is no statement statement.json")
