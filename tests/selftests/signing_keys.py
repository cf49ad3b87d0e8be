"""Keys of ssh that a test makes, to sign and to be refused with."""

import shutil
import subprocess
from pathlib import Path

import pytest

needs_ssh_keygen = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen, of OpenSSH")


def make_key(folder: Path, name: str = "key", *, passphrase: str = "") -> Path:
    """Make a pair of keys; return the file of the private one."""
    file = folder / name
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", str(file)]
    subprocess.run(made, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return file


def list_signers(folder: Path, **keys: Path) -> Path:
    """Write a list of signers: the name of each, and the file of the private key."""
    file = folder / "signers"
    public = {name: key.with_name(f"{key.name}.pub").read_text() for name, key in keys.items()}
    file.write_text("".join(f"{name} {line.strip()}\n" for name, line in public.items()))
    return file
