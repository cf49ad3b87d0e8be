"""A signature is made only with a usable key, says who made it, and never shows the key."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from fake_programs import Programs
from signing_keys import list_signers, make_key, needs_ssh_keygen

from media_guarantees.core.errors import BadInput
from media_guarantees.evidence.outbound import signature
from media_guarantees.evidence.outbound.signature import WrongSignature, check_key, read_key_path, read_signer, sign

CONTENT = b'{"result": "PASSED"}\n'
KEY_ITSELF = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.fixture(name="key")
def _key(tmp_path: Path) -> Path:
    return make_key(tmp_path)


@pytest.fixture(name="signed")
def _signed(tmp_path: Path, key: Path) -> Path:
    """The file with a signature of `CONTENT`."""
    file = tmp_path / "statement.json.sig"
    file.write_text(sign(key, CONTENT))
    return file


def refusal(key: Path) -> str:
    with pytest.raises(BadInput) as refused:
        check_key(key)
    return str(refused.value)


@needs_ssh_keygen
def test_the_signer_is_known_by_the_name_in_the_list(tmp_path: Path, key: Path, signed: Path) -> None:
    other = make_key(tmp_path, "other")
    signers = list_signers(tmp_path, **{"dev@example.org": other, "ops@example.org": key})

    signer = read_signer(CONTENT, signed, signers)

    assert signer.name == "ops@example.org"
    assert re.fullmatch(r"ED25519 key SHA256:\S+", signer.key)


@needs_ssh_keygen
def test_a_signer_who_is_not_listed_has_a_key_and_no_name(tmp_path: Path, signed: Path) -> None:
    signers = list_signers(tmp_path, **{"dev@example.org": make_key(tmp_path, "other")})

    assert read_signer(CONTENT, signed, signers).name == ""
    assert read_signer(CONTENT, signed, None).key.startswith("ED25519 key ")


@needs_ssh_keygen
def test_one_who_may_sign_only_something_else_is_not_listed(tmp_path: Path, key: Path, signed: Path) -> None:
    signers = list_signers(tmp_path, **{'ops@example.org namespaces="file"': key})

    assert read_signer(CONTENT, signed, signers).name == ""


@needs_ssh_keygen
def test_a_signature_of_other_content_is_refused(signed: Path) -> None:
    with pytest.raises(WrongSignature, match=r"is no signature of this statement: .*incorrect signature"):
        read_signer(CONTENT.replace(b"PASSED", b"FAILED"), signed, None)


@needs_ssh_keygen
def test_a_signature_for_another_purpose_is_refused(tmp_path: Path, key: Path) -> None:
    file = tmp_path / "content"
    file.write_bytes(CONTENT)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", "git", file], check=True, capture_output=True)

    with pytest.raises(WrongSignature, match=r"is no signature of this statement: .*namespace"):
        read_signer(CONTENT, tmp_path / "content.sig", None)


@needs_ssh_keygen
def test_a_list_of_signers_that_is_not_there_is_reported(tmp_path: Path, signed: Path) -> None:
    with pytest.raises(BadInput, match="there is no list of signers"):
        read_signer(CONTENT, signed, tmp_path / "gone")


@needs_ssh_keygen
def test_a_key_that_can_sign_is_accepted_before_the_run(key: Path) -> None:
    check_key(key)


@needs_ssh_keygen
def test_a_key_with_a_passphrase_is_refused_without_asking_for_it(tmp_path: Path) -> None:
    said = refusal(make_key(tmp_path, passphrase="a secret"))

    assert "passphrase" in said
    assert "ssh-add" in said


@needs_ssh_keygen
def test_what_is_no_key_is_refused_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_text("these lines are private")
    file.chmod(0o600)

    said = refusal(file)

    assert "ssh-keygen can't sign with" in said
    assert "these lines" not in said


@pytest.mark.parametrize(("make", "seen"), [(Path.mkdir, "is a directory"), (lambda _: None, "isn't there")])
def test_what_is_no_file_is_refused(tmp_path: Path, make: object, seen: str) -> None:
    make(tmp_path / "key")  # type: ignore[operator]

    assert f"SIGN_KEY should name the file of an ssh key, but {tmp_path}/key {seen}" in refusal(tmp_path / "key")


def test_a_key_that_this_user_may_not_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").touch()
    monkeypatch.setattr(os, "access", lambda *_: False)

    assert "can't be read by this user" in refusal(tmp_path / "key")


def test_without_ssh_keygen_it_is_said_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").touch()
    Programs(tmp_path, monkeypatch, alone=True)

    assert "there is no ssh-keygen on PATH" in refusal(tmp_path / "key")


def test_an_agent_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").touch()
    programs.add("ssh-keygen", "exec sleep 60")
    monkeypatch.setattr(signature, "SECONDS", 0.05)

    assert "ssh-keygen did not answer within" in refusal(tmp_path / "key")


@pytest.mark.parametrize("given", [KEY_ITSELF, KEY_ITSELF.replace("\n", " "), "two\nlines"])
def test_a_key_in_place_of_its_file_is_refused_and_not_shown(tmp_path: Path, given: str) -> None:
    with pytest.raises(BadInput, match="it holds a key itself") as refused:
        read_key_path(given, tmp_path)

    assert "b3BlbnNzaC1rZXk" not in str(refused.value)
    assert "two" not in str(refused.value)


def test_a_key_is_named_from_where_the_person_stands(tmp_path: Path) -> None:
    assert read_key_path("keys/id", tmp_path) == tmp_path / "keys" / "id"
    assert read_key_path("", tmp_path) is None
