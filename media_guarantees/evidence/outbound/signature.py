"""Signatures of a statement by ssh-keygen(1): made with the key that a person names, verified without a network.

OpenSSH is where these people's keys are already: in a file, in an agent or in a hardware token. Key material is never
read here, and never part of a message.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.core.escaping import printable
from media_guarantees.system import commands

NAMESPACE = "media-guarantees"  # a signature made for this purpose can't be taken for one of another
SECONDS = 60.0  # for one call: an agent may ask its owner, a token has to be touched
_NAME_ANOTHER = "give SIGN_KEY=… as a private key, or as the public half of one that ssh-agent holds"
_MARK = "PRIVATE KEY"  # in the first line of every private key that is text


class WrongSignature(BadInput):
    """A signature that is not one of this content: either of them was changed."""


@dataclass(frozen=True)
class Signer:
    """Who made a signature: the key's fingerprint, and its `name` in the list of signers; "" for a key not listed."""

    key: str
    name: str = ""


def read_key_path(given: str, base: Path) -> Path | None:
    """Return the file that SIGN_KEY names, seen from `base`; None for none. Raises `BadInput` for a key itself."""
    if _MARK in given or "\n" in given:
        raise BadInput(
            "SIGN_KEY should name the file of an ssh key, but it holds a key itself",
            "write the key into a file that only you can read, and name that; if a log shows the key, make a new one",
        )
    return base / given if given else None


def check_key(key: Path) -> None:
    """Sign nothing with `key`, as a trial. Raises `BadInput` where the statement of a run could not be signed."""
    if not key.is_file():
        seen = "is a directory" if key.is_dir() else "isn't there"
        raise BadInput(f"SIGN_KEY should name the file of an ssh key, but {key} {seen}", _NAME_ANOTHER)
    if not os.access(key, os.R_OK):
        raise BadInput(f"{key}, the key to sign with, can't be read by this user", _NAME_ANOTHER)
    sign(key, b"")


def sign(key: Path, content: bytes) -> str:
    """Return a signature of `content`. Raises `BadInput` where it can't be made, with what ssh-keygen says."""
    ended = _ssh_keygen(["-Y", "sign", "-f", str(key), "-n", NAMESPACE], content)
    if not ended.ok or b"BEGIN SSH SIGNATURE" not in ended.stdout:
        raise BadInput(
            f"ssh-keygen can't sign with {key}: {_last_line(ended)}",
            "a key with a passphrase has to be in ssh-agent: ssh-add KEY, then name its public half, SIGN_KEY=KEY.pub",
        )
    return ended.text + "\n"


def read_signer(content: bytes, signature: Path, signers: Path | None) -> Signer:
    """Return who signed `content`, by the list of `signers` in the form of ssh-keygen's ALLOWED SIGNERS.

    Raises:
        WrongSignature: it is none of this content, for this purpose.
        BadInput: there is no list of signers, or no ssh-keygen.
    """
    arguments = ["-n", NAMESPACE, "-s", str(signature)]
    intact = _ssh_keygen(["-Y", "check-novalidate", *arguments], content)
    if not intact.ok:
        raise WrongSignature(
            f"{signature} is no signature of this statement: {_last_line(intact)}",
            "don't rely on the statement; get it again from where it was made, together with its signature",
        )
    key = printable(intact.text.rpartition(" with ")[2])
    names = _names(signature, signers) if signers else []
    known = (
        name for name in names if _ssh_keygen(["-Y", "verify", "-f", str(signers), "-I", name, *arguments], content).ok
    )
    return Signer(key, printable(next(known, "")))


def _names(signature: Path, signers: Path) -> list[str]:
    """Return the names of the key that made a signature, in a list of signers."""
    if not signers.is_file():
        raise BadInput(
            f"there is no list of signers {signers}",
            "give SIGNERS=…, a file with a name and a public key on each line, as in ssh-keygen's ALLOWED SIGNERS",
        )
    found = _ssh_keygen(["-Y", "find-principals", "-s", str(signature), "-f", str(signers)], b"")
    return found.text.splitlines() if found.ok else []


def _ssh_keygen(arguments: list[str], content: bytes) -> commands.Outcome:
    """Run ssh-keygen without a terminal or a window in which it could ask for a passphrase."""
    environment = {**os.environ, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}
    try:
        with journal.muted():
            return commands.run(["ssh-keygen", *arguments], env=environment, stdin=content, timeout=SECONDS)
    except FileNotFoundError:
        raise BadInput(
            "there is no ssh-keygen on PATH, which makes and verifies signatures", "install OpenSSH's client"
        ) from None
    except subprocess.TimeoutExpired:
        raise BadInput(
            f"ssh-keygen did not answer within {SECONDS:.0f} s", "unlock the agent, or touch the token, and try again"
        ) from None


def _last_line(ended: commands.Outcome) -> str:
    lines = [line.strip() for line in printable(ended.stderr.decode(errors="replace")).splitlines() if line.strip()]
    return lines[-1] if lines else f"status {ended.status}"
